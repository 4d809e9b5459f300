// SPDX-License-Identifier: Apache-2.0
// Blocking work on the libuv pool, as a promise.
#pragma once

#include "common.h"

namespace axo {

// Override Run (pool thread, no JavaScript) and Answer (main thread). Start takes ownership.
class Task : public Napi::AsyncWorker {
 public:
  static Napi::Value Start(Task* task) {
    Napi::Promise promise = task->deferred_.Promise();
    task->Queue();
    return promise;
  }

  // The same on the main thread, for what waits for nobody: without the way to the pool and back.
  static Napi::Value RunHere(Task* task) {
    Napi::Promise promise = task->deferred_.Promise();
    task->Execute();
    task->OnOK();
    task->Destroy();
    return promise;
  }

 protected:
  explicit Task(Napi::Env env) : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)) {}

  virtual void Run(Failure* failure) = 0;
  virtual Napi::Value Answer(Napi::Env env) { return env.Undefined(); }
  // Chance to add properties to the error of a failed task.
  virtual void Describe(Napi::Error* error) { (void)error; }

 private:
  void Execute() final { Run(&failure_); }

  void OnOK() final {
    Napi::Env env = Env();
    Napi::HandleScope scope(env);
    if (!failure_) {
      deferred_.Resolve(Answer(env));
      return;
    }
    Napi::Error error = MakeError(env, failure_);
    Describe(&error);
    deferred_.Reject(error.Value());
  }

  Napi::Promise::Deferred deferred_;
  Failure failure_;
};

}  // namespace axo

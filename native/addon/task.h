// SPDX-License-Identifier: Apache-2.0
// Blocking work as a promise.
#pragma once

#include "in_netns.h"
#include "workers.h"

namespace axo {

// Override Run (worker thread, no JavaScript) and Answer (JavaScript's thread).
class Task : public Work {
 public:
  // Takes ownership. A task that could not be prepared, or finds no thread, never runs: its promise is rejected.
  static Napi::Value Start(Task* task) {
    Napi::Promise promise = task->deferred_.Promise();
    if (task->failure_ || !StartWork(task->env_, task, &task->failure_)) {
      task->Finish();
      delete task;
    }
    return promise;
  }

  // The same on the calling thread, for calls that never wait: without a switch to another thread and back.
  static Napi::Value RunHere(Task* task) {
    Napi::Promise promise = task->deferred_.Promise();
    if (!task->failure_) task->Run(&task->failure_);
    task->Finish();
    delete task;
    return promise;
  }

 protected:
  explicit Task(Napi::Env env) : env_(env), deferred_(Napi::Promise::Deferred::New(env)) {}

  virtual void Run(Failure* failure) = 0;
  virtual Napi::Value Answer(Napi::Env env) { return env.Undefined(); }
  // Chance to add properties to the error of a failed task.
  virtual void Describe(Napi::Error* error) { (void)error; }

  // For constructors: a descriptor of the task's own, because the caller may close the original before the task runs.
  // Without one the task fails with the reason, and does not run.
  OwnedFd Duplicate(int fd) { return DuplicateFd(fd, &failure_); }
  NetnsTarget NetnsAt(const Napi::CallbackInfo& info, size_t index) { return NetnsArg(info, index, &failure_); }

 private:
  void Run() final { Run(&failure_); }

  void Finish() final {
    if (!failure_) {
      deferred_.Resolve(Answer(env_));
      return;
    }
    Napi::Error error = MakeError(env_, failure_);
    Describe(&error);
    deferred_.Reject(error.Value());
  }

  Napi::Env env_;
  Napi::Promise::Deferred deferred_;
  Failure failure_;
};

}  // namespace axo

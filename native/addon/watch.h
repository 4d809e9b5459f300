// SPDX-License-Identifier: Apache-2.0
// A libuv poll handle with a JavaScript callback, safe at environment teardown.
#pragma once

#include <uv.h>

#include <initializer_list>

#include "common.h"

namespace axo {

// Calls a JavaScript function from the event loop. What it throws becomes the process's uncaughtException, as for any
// other callback: without this the error would stay pending in the environment and surface in an unrelated call.
inline void CallFromLoop(Napi::Env env, const Napi::FunctionReference& function,
                         std::initializer_list<napi_value> arguments) {
  napi_value result = nullptr;
  napi_status status =
      napi_make_callback(env, nullptr, env.Global(), function.Value(), arguments.size(), arguments.begin(), &result);
  if (status != napi_pending_exception) return;
  napi_value error = nullptr;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

// Watches a descriptor for readability. Lives on the heap until its handle is closed; Close may be called more than
// once, and the environment closes what is still open when it ends.
class Watch {
 public:
  using Callback = void (*)(void* context, Napi::Env env);

  // `release` runs once, after the handle is closed. Returns nullptr and sets the failure when libuv refuses.
  static Watch* Start(Napi::Env env, int fd, Callback on_readable, Callback release, void* context, Failure* failure);
  void Close();
  void Ref(bool on);

 private:
  Watch(Napi::Env env, Callback on_readable, Callback release, void* context)
      : env_(env), on_readable_(on_readable), release_(release), context_(context) {}

  static void OnPoll(uv_poll_t* handle, int status, int events);
  static void OnClosed(uv_handle_t* handle);
  static void OnEnvironmentEnd(napi_async_cleanup_hook_handle hook, void* self);

  uv_poll_t handle_{};
  Napi::Env env_;
  Callback on_readable_;
  Callback release_;
  void* context_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  bool closing_ = false;
};

}  // namespace axo

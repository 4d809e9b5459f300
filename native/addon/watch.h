// SPDX-License-Identifier: Apache-2.0
// A libuv poll handle with a JavaScript callback, safe at environment teardown.
#pragma once

#include <uv.h>

#include "common.h"

namespace axo {

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

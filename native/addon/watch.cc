// SPDX-License-Identifier: Apache-2.0
// watchFd for JavaScript, and the Watch behind it and behind the ring buffer.
#include "watch.h"

#include "modules.h"

namespace axo {

Watch* Watch::Start(Napi::Env env, int fd, Callback on_readable, Callback release, void* context, Failure* failure) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    failure->Set("napi_get_uv_event_loop", EINVAL);
    return nullptr;
  }
  Watch* watch = new Watch(env, on_readable, release, context);
  int status = uv_poll_init(loop, &watch->handle_, fd);
  if (status != 0) {
    failure->Set("uv_poll_init", -status);
    delete watch;
    return nullptr;
  }
  watch->handle_.data = watch;
  napi_add_async_cleanup_hook(env, OnEnvironmentEnd, watch, &watch->hook_);
  status = uv_poll_start(&watch->handle_, UV_READABLE, OnPoll);
  if (status != 0) {
    failure->Set("uv_poll_start", -status);
    watch->release_ = [](void*, Napi::Env) {};  // the caller keeps its context
    watch->Close();
    return nullptr;
  }
  return watch;
}

void Watch::Close() {
  if (closing_) return;
  closing_ = true;
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_), OnClosed);
}

void Watch::Ref(bool on) {
  uv_handle_t* handle = reinterpret_cast<uv_handle_t*>(&handle_);
  if (on) {
    uv_ref(handle);
  } else {
    uv_unref(handle);
  }
}

// An error status (a dead descriptor) is delivered too: the reader's own call will find and report it.
void Watch::OnPoll(uv_poll_t* handle, int status, int events) {
  (void)status;
  (void)events;
  Watch* self = static_cast<Watch*>(handle->data);
  if (!self->closing_) self->on_readable_(self->context_, self->env_);
}

void Watch::OnClosed(uv_handle_t* handle) {
  Watch* self = static_cast<Watch*>(handle->data);
  self->release_(self->context_, self->env_);
  napi_remove_async_cleanup_hook(self->hook_);
  delete self;
}

void Watch::OnEnvironmentEnd(napi_async_cleanup_hook_handle hook, void* self) {
  (void)hook;
  static_cast<Watch*>(self)->Close();
}

namespace {

// The JavaScript side of watchFd(fd, callback): { close(), ref(), unref() } as bound functions of one holder.
class FdWatch {
 public:
  static Napi::Value Open(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    FdWatch* self = new FdWatch();
    self->callback_ = Napi::Persistent(info[1].As<Napi::Function>());
    Failure failure;
    self->watch_ = Watch::Start(env, FdArg(info, 0), OnReadable, OnReleased, self, &failure);
    if (self->watch_ == nullptr) {
      delete self;
      return Throw(env, failure.syscall, failure.error);
    }
    return Napi::External<FdWatch>::New(env, self);
  }

  static Napi::Value Close(const Napi::CallbackInfo& info) {
    FdWatch* self = info[0].As<Napi::External<FdWatch>>().Data();
    self->watch_->Close();
    return info.Env().Undefined();
  }

  static Napi::Value Ref(const Napi::CallbackInfo& info) {
    FdWatch* self = info[0].As<Napi::External<FdWatch>>().Data();
    self->watch_->Ref(info[1].ToBoolean());
    return info.Env().Undefined();
  }

 private:
  static void OnReadable(void* context, Napi::Env env) {
    Napi::HandleScope scope(env);
    FdWatch* self = static_cast<FdWatch*>(context);
    CallFromLoop(env, self->callback_, {});
  }

  static void OnReleased(void* context, Napi::Env env) {
    Napi::HandleScope scope(env);
    delete static_cast<FdWatch*>(context);
  }

  Napi::FunctionReference callback_;
  Watch* watch_ = nullptr;
};

}  // namespace

void InitWatch(Napi::Object exports) {
  Export(exports, "watchOpen", FdWatch::Open);
  Export(exports, "watchClose", FdWatch::Close);
  Export(exports, "watchRef", FdWatch::Ref);
}

}  // namespace axo

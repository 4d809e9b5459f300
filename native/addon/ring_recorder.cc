// SPDX-License-Identifier: Apache-2.0
// Keeps the latest records of a BPF ring buffer, on a thread of its own: what programs report costs the event loop
// nothing until somebody asks for it.
#include <bpf/libbpf.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <uv.h>

#include <algorithm>
#include <mutex>

#include "common.h"
#include "modules.h"

namespace axo {
namespace {

// Between two looks at the buffer. The kernel wakes a reader only when the reader had seen everything before, so a
// reader that rests is woken 20 times a second at most, however many records come.
constexpr int kRestMs = 50;

// The thread's; it needs some kilobytes.
constexpr size_t kStackSize = 256 * 1024;

class RingRecorder {
 public:
  // ringRecorderOpen(map, capacity)
  static Napi::Value Open(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    RingRecorder* self = new RingRecorder(env, static_cast<size_t>(NumberArg(info, 1, 1)));
    Failure failure;
    if (self->Start(FdArg(info, 0), &failure)) return Napi::External<RingRecorder>::New(env, self);
    delete self;
    return Throw(env, failure.syscall, failure.error);
  }

  static Napi::Value Close(const Napi::CallbackInfo& info) {
    RingRecorder* self = Self(info);
    napi_remove_env_cleanup_hook(self->env_, OnEnvironmentEnd, self);
    delete self;
    return info.Env().Undefined();
  }

  static Napi::Value Seen(const Napi::CallbackInfo& info) {
    RingRecorder* self = Self(info);
    std::lock_guard<std::mutex> lock(self->mutex_);
    return Napi::Number::New(info.Env(), static_cast<double>(self->seen_));
  }

  // ringRecorderRead(recorder, from, limit): the records that are held of those from number `from` on, the first one's
  // number before them.
  static Napi::Value Read(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    RingRecorder* self = Self(info);
    uint64_t from = static_cast<uint64_t>(NumberArg(info, 1, 0));
    uint64_t limit = static_cast<uint64_t>(NumberArg(info, 2, 1));
    std::lock_guard<std::mutex> lock(self->mutex_);
    uint64_t capacity = self->records_.size();
    uint64_t first = std::max(from, self->seen_ - std::min(self->seen_, capacity));
    uint64_t end = std::max(first, std::min(self->seen_, first + limit));
    Napi::Array records = Napi::Array::New(env, end - first);
    for (uint64_t number = first; number < end; number++) {
      const std::vector<uint8_t>& record = self->records_[number % capacity];
      records.Set(static_cast<uint32_t>(number - first), NewBytes(env, record.data(), record.size()));
    }
    Napi::Object result = Napi::Object::New(env);
    result.Set("first", static_cast<double>(first));
    result.Set("records", records);
    return result;
  }

 private:
  RingRecorder(napi_env env, size_t capacity) : env_(env), records_(capacity) {}

  ~RingRecorder() {
    if (is_running_) {
      eventfd_write(stop_.get(), 1);
      uv_thread_join(&thread_);
    }
    if (ring_ != nullptr) ring_buffer__free(ring_);
  }

  bool Start(int map, Failure* failure) {
    ring_ = ring_buffer__new(map, OnSample, this, nullptr);
    if (ring_ == nullptr) return Failed(failure, "ring_buffer__new");
    stop_.Reset(eventfd(0, EFD_CLOEXEC));
    if (stop_.get() < 0) return Failed(failure, "eventfd");
    uv_thread_options_t options{};
    options.flags = UV_THREAD_HAS_STACK_SIZE;
    options.stack_size = kStackSize;
    int status = uv_thread_create_ex(&thread_, &options, Run, this);
    if (status != 0) {
      failure->Set("uv_thread_create", -status);
      return false;
    }
    is_running_ = true;
    napi_add_env_cleanup_hook(env_, OnEnvironmentEnd, this);
    return true;
  }

  static RingRecorder* Self(const Napi::CallbackInfo& info) {
    return info[0].As<Napi::External<RingRecorder>>().Data();
  }

  static void OnEnvironmentEnd(void* self) { delete static_cast<RingRecorder*>(self); }

  static void Run(void* context) {
    RingRecorder* self = static_cast<RingRecorder*>(context);
    pollfd both[] = {{self->stop_.get(), POLLIN, 0}, {ring_buffer__epoll_fd(self->ring_), POLLIN, 0}};
    while (both[0].revents == 0) {
      if (poll(both, 2, -1) <= 0 || both[0].revents != 0) continue;
      ring_buffer__consume(self->ring_);
      poll(both, 1, kRestMs);
    }
  }

  static int OnSample(void* context, void* data, size_t size) {
    RingRecorder* self = static_cast<RingRecorder*>(context);
    const uint8_t* bytes = static_cast<const uint8_t*>(data);
    std::lock_guard<std::mutex> lock(self->mutex_);
    self->records_[self->seen_ % self->records_.size()].assign(bytes, bytes + size);
    self->seen_++;
    return 0;
  }

  napi_env env_;
  ring_buffer* ring_ = nullptr;
  OwnedFd stop_;
  uv_thread_t thread_{};
  bool is_running_ = false;
  std::mutex mutex_;
  std::vector<std::vector<uint8_t>> records_;
  uint64_t seen_ = 0;
};

}  // namespace

void InitRingRecorder(Napi::Object exports) {
  Export(exports, "ringRecorderOpen", RingRecorder::Open);
  Export(exports, "ringRecorderClose", RingRecorder::Close);
  Export(exports, "ringRecorderSeen", RingRecorder::Seen);
  Export(exports, "ringRecorderRead", RingRecorder::Read);
}

}  // namespace axo

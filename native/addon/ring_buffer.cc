// SPDX-License-Identifier: Apache-2.0
// A BPF ring buffer on Node's event loop: a poll handle on libbpf's epoll descriptor, records delivered in batches.
#include <bpf/libbpf.h>

#include "modules.h"
#include "watch.h"

namespace axo {
namespace {

// Records per turn of the event loop, so that a flood of events cannot starve everything else.
constexpr size_t kBatch = 512;

class RingBuffer {
 public:
  static Napi::Value Open(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    RingBuffer* self = new RingBuffer();
    self->ring_ = ring_buffer__new(FdArg(info, 0), OnSample, self, nullptr);
    if (self->ring_ == nullptr) {
      int error = errno;
      delete self;
      return Throw(env, "ring_buffer__new", error);
    }
    self->callback_ = Napi::Persistent(info[1].As<Napi::Function>());
    Failure failure;
    self->watch_ = Watch::Start(env, ring_buffer__epoll_fd(self->ring_), OnReadable, OnReleased, self, &failure);
    if (self->watch_ == nullptr) {
      delete self;
      return Throw(env, failure.syscall, failure.error);
    }
    return Napi::External<RingBuffer>::New(env, self);
  }

  static Napi::Value Close(const Napi::CallbackInfo& info) {
    Self(info)->watch_->Close();
    return info.Env().Undefined();
  }

  static Napi::Value Ref(const Napi::CallbackInfo& info) {
    Self(info)->watch_->Ref(info[1].ToBoolean());
    return info.Env().Undefined();
  }

  // What is there now, without waiting for the event loop: up to one batch of records.
  static Napi::Value Consume(const Napi::CallbackInfo& info) { return Self(info)->Take(info.Env()); }

 private:
  ~RingBuffer() {
    if (ring_ != nullptr) ring_buffer__free(ring_);
  }

  static RingBuffer* Self(const Napi::CallbackInfo& info) { return info[0].As<Napi::External<RingBuffer>>().Data(); }

  // Copies: the kernel may overwrite a record as soon as it is released. A negative answer ends the turn; libbpf counts
  // the record as consumed all the same (ringbuf_process_ring).
  static int OnSample(void* context, void* data, size_t size) {
    RingBuffer* self = static_cast<RingBuffer*>(context);
    const uint8_t* bytes = static_cast<const uint8_t*>(data);
    self->records_.emplace_back(bytes, bytes + size);
    return self->records_.size() < kBatch ? 0 : -ECANCELED;
  }

  Napi::Value Take(Napi::Env env) {
    ring_buffer__consume(ring_);
    Napi::Array array = Napi::Array::New(env, records_.size());
    for (size_t i = 0; i < records_.size(); i++) {
      array.Set(static_cast<uint32_t>(i), NewBytes(env, records_[i].data(), records_[i].size()));
    }
    records_.clear();
    return array;
  }

  static void OnReadable(void* context, Napi::Env env) {
    Napi::HandleScope scope(env);
    RingBuffer* self = static_cast<RingBuffer*>(context);
    Napi::Value records = self->Take(env);
    CallFromLoop(env, self->callback_, {records});
  }

  static void OnReleased(void* context, Napi::Env env) {
    Napi::HandleScope scope(env);
    delete static_cast<RingBuffer*>(context);
  }

  ring_buffer* ring_ = nullptr;
  Watch* watch_ = nullptr;
  Napi::FunctionReference callback_;
  std::vector<std::vector<uint8_t>> records_;
};

}  // namespace

void InitRingBuffer(Napi::Object exports) {
  Export(exports, "ringBufferOpen", RingBuffer::Open);
  Export(exports, "ringBufferClose", RingBuffer::Close);
  Export(exports, "ringBufferRef", RingBuffer::Ref);
  Export(exports, "ringBufferConsume", RingBuffer::Consume);
}

}  // namespace axo

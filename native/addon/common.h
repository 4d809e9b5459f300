// SPDX-License-Identifier: Apache-2.0
// What every file of the addon needs: a failure value instead of exceptions, owned file descriptors, argument readers.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <napi.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace axo {

// A failed system call. JavaScript sees it as an Error with the properties `syscall` and `errno` (positive).
struct Failure {
  const char* syscall = nullptr;
  int error = 0;

  explicit operator bool() const { return syscall != nullptr; }
  void Set(const char* name, int value) {
    syscall = name;
    error = value;
  }
};

// Sets the failure from the current errno and returns false, so that a step can end with `return Failed(...)`.
inline bool Failed(Failure* failure, const char* syscall) {
  failure->Set(syscall, errno);
  return false;
}

inline Napi::Error MakeError(Napi::Env env, const Failure& failure) {
  std::string text = std::string(failure.syscall) + ": " + strerror(failure.error);
  Napi::Error error = Napi::Error::New(env, text);
  error.Set("syscall", Napi::String::New(env, failure.syscall));
  error.Set("errno", Napi::Number::New(env, failure.error));
  return error;
}

inline Napi::Value Throw(Napi::Env env, const char* syscall, int error) {
  Failure failure;
  failure.Set(syscall, error);
  MakeError(env, failure).ThrowAsJavaScriptException();
  return env.Undefined();
}

// A descriptor that closes itself. Without one get() is -1, which every system call refuses with EBADF: code that has a
// meaning for "none given" asks for it in another type (NetnsTarget).
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.Release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    Reset(other.Release());
    return *this;
  }
  ~OwnedFd() { Reset(-1); }

  int get() const { return fd_; }
  int Release() {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void Reset(int fd) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

// A duplicate; empty with a failure, unless there is one already, when it cannot be had: EBADF, or EMFILE when the
// process has used up its descriptors.
inline OwnedFd DuplicateFd(int fd, Failure* failure) {
  OwnedFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (copy.get() < 0 && !*failure) Failed(failure, "fcntl");
  return copy;
}

// Argument readers. The typed door is native/binding.ts; a wrong type here is a programming error and reads as the
// fallback.
inline int64_t NumberArg(const Napi::CallbackInfo& info, size_t index, int64_t fallback) {
  return info[index].IsNumber() ? info[index].As<Napi::Number>().Int64Value() : fallback;
}

inline int FdArg(const Napi::CallbackInfo& info, size_t index) {
  return static_cast<int>(NumberArg(info, index, -1));
}

inline std::string StringArg(const Napi::CallbackInfo& info, size_t index) {
  return info[index].IsString() ? info[index].As<Napi::String>().Utf8Value() : std::string();
}

struct Bytes {
  uint8_t* data = nullptr;
  size_t size = 0;
};

// Valid until the calling function returns to JavaScript.
inline Bytes BytesArg(const Napi::CallbackInfo& info, size_t index) {
  if (!info[index].IsTypedArray()) return {};
  Napi::TypedArray array = info[index].As<Napi::TypedArray>();
  Napi::ArrayBuffer buffer = array.ArrayBuffer();
  return {static_cast<uint8_t*>(buffer.Data()) + array.ByteOffset(), array.ByteLength()};
}

inline std::vector<uint8_t> CopyArg(const Napi::CallbackInfo& info, size_t index) {
  Bytes bytes = BytesArg(info, index);
  return std::vector<uint8_t>(bytes.data, bytes.data + bytes.size);
}

inline Napi::Uint8Array NewBytes(Napi::Env env, const void* data, size_t size) {
  Napi::Uint8Array array = Napi::Uint8Array::New(env, size);
  if (size > 0) memcpy(array.Data(), data, size);
  return array;
}

inline void Export(Napi::Object exports, const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
  exports.Set(name, Napi::Function::New(exports.Env(), function, name));
}

}  // namespace axo

// SPDX-License-Identifier: Apache-2.0
// A client's side of Unix stream sockets, and the quick end of a process: what a plugin process needs of Node's own
// modules without their cost. One trip to a worker thread carries a request and brings the first part of the answer.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <algorithm>

#include "modules.h"
#include "task.h"

namespace axo {
namespace {

constexpr size_t kChunk = 64 * 1024;

int64_t NowMs() {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

class Exchange : public Task {
 public:
  explicit Exchange(const Napi::CallbackInfo& info)
      : Task(info.Env()),
        fd_(Duplicate(FdArg(info, 0))),
        request_(CopyArg(info, 1)),
        deadline_(NowMs() + NumberArg(info, 2, 0)) {}

 private:
  void Run(Failure* failure) override {
    if (Send(failure)) Receive(failure);
  }

  bool Send(Failure* failure) {
    for (size_t sent = 0; sent < request_.size();) {
      ssize_t size = send(fd_.get(), request_.data() + sent, request_.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (size >= 0)
        sent += static_cast<size_t>(size);
      else if (!IsPatient() || !Wait(POLLOUT, failure))
        return failure->syscall != nullptr ? false : Failed(failure, "send");
    }
    return true;
  }

  bool Receive(Failure* failure) {
    answer_.resize(kChunk);
    for (;;) {
      if (!Wait(POLLIN, failure)) return false;
      ssize_t size = recv(fd_.get(), answer_.data(), answer_.size(), MSG_DONTWAIT);
      if (size < 0 && IsPatient()) continue;
      if (size < 0) return Failed(failure, "recv");
      answer_.resize(static_cast<size_t>(size));
      return true;
    }
  }

  static bool IsPatient() { return errno == EAGAIN || errno == EINTR; }

  bool Wait(short events, Failure* failure) {
    struct pollfd wait = {fd_.get(), events, 0};
    int ready = poll(&wait, 1, static_cast<int>(std::max<int64_t>(0, deadline_ - NowMs())));
    if (ready > 0 || (ready < 0 && errno == EINTR)) return true;
    failure->Set("poll", ready == 0 ? ETIMEDOUT : errno);
    return false;
  }

  Napi::Value Answer(Napi::Env env) override { return NewBytes(env, answer_.data(), answer_.size()); }

  OwnedFd fd_;
  std::vector<uint8_t> request_;
  int64_t deadline_;
  std::vector<uint8_t> answer_;
};

Napi::Value StartExchange(const Napi::CallbackInfo& info) {
  return Task::Start(new Exchange(info));
}

// Without blocking: a listener whose queue is full refuses with EAGAIN (unix(7)).
Napi::Value Connect(const Napi::CallbackInfo& info) {
  std::string path = StringArg(info, 0);
  struct sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) return Throw(info.Env(), "connect", ENAMETOOLONG);
  memcpy(name.sun_path, path.data(), path.size());
  OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return Throw(info.Env(), "socket", errno);
  if (connect(fd.get(), reinterpret_cast<struct sockaddr*>(&name), sizeof name) != 0)
    return Throw(info.Env(), "connect", errno);
  return Napi::Number::New(info.Env(), fd.Release());
}

Napi::Value HasEnded(const Napi::CallbackInfo& info) {
  struct pollfd look = {FdArg(info, 0), POLLRDHUP, 0};
  int ready;
  do ready = poll(&look, 1, 0);
  while (ready < 0 && errno == EINTR);
  if (ready < 0) return Throw(info.Env(), "poll", errno);
  return Napi::Boolean::New(info.Env(), ready > 0);
}

Napi::Value ExitNow(const Napi::CallbackInfo& info) {
  _exit(static_cast<int>(NumberArg(info, 0, 1)));
}

}  // namespace

void InitUnixStream(Napi::Object exports) {
  Export(exports, "unixConnect", Connect);
  Export(exports, "unixExchange", StartExchange);
  Export(exports, "unixHasEnded", HasEnded);
  Export(exports, "exitNow", ExitNow);
}

}  // namespace axo

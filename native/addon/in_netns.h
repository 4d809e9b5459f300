// SPDX-License-Identifier: Apache-2.0
// Running a step inside another network namespace without moving any thread that lives on.
#pragma once

#include <pthread.h>
#include <sched.h>

#include <optional>

#include "common.h"

namespace axo {

// Which network namespace a step runs in: the process's own, or the one behind a descriptor. Two kinds, not a number
// with a special value: a descriptor that could not be had must never read as "the own one".
class NetnsTarget {
 public:
  static NetnsTarget Own() { return NetnsTarget(std::nullopt); }
  static NetnsTarget Behind(OwnedFd fd) { return NetnsTarget(std::move(fd)); }

  bool IsOwn() const { return !fd_.has_value(); }
  // -1 when its descriptor could not be had: setns(2) then fails with EBADF.
  int fd() const { return fd_->get(); }

 private:
  explicit NetnsTarget(std::optional<OwnedFd> fd) : fd_(std::move(fd)) {}
  std::optional<OwnedFd> fd_;
};

// An argument that is a descriptor of a namespace, or undefined for the own one. Anything else is a bad descriptor.
inline NetnsTarget NetnsArg(const Napi::CallbackInfo& info, size_t index, Failure* failure) {
  if (info[index].IsUndefined()) return NetnsTarget::Own();
  return NetnsTarget::Behind(DuplicateFd(FdArg(info, index), failure));
}

// Calls step(failure) on a fresh thread and waits for its end. pthread_create instead of std::thread: it reports
// EAGAIN, where std::thread throws.
template <typename Step>
bool RunOnFreshThread(Failure* failure, Step step) {
  struct Call {
    Failure* failure;
    Step* step;
    bool ok;
  } call{failure, &step, false};
  auto body = [](void* argument) -> void* {
    Call* self = static_cast<Call*>(argument);
    self->ok = (*self->step)(self->failure);
    return nullptr;
  };
  pthread_t thread;
  int error = pthread_create(&thread, nullptr, body, &call);
  if (error != 0) {
    failure->Set("pthread_create", error);
    return false;
  }
  pthread_join(thread, nullptr);
  return call.ok;
}

// Calls step(failure) inside `netns`, on a thread that ends there, so that no thread that lives on ever changes its
// namespace; in the own one it runs in place.
template <typename Step>
bool RunInNetns(const NetnsTarget& netns, Failure* failure, Step step) {
  if (netns.IsOwn()) return step(failure);
  return RunOnFreshThread(failure, [&netns, &step](Failure* f) {
    if (setns(netns.fd(), CLONE_NEWNET) != 0) return Failed(f, "setns");
    return static_cast<bool>(step(f));
  });
}

}  // namespace axo

// SPDX-License-Identifier: Apache-2.0
// Running a step inside another network namespace without moving any thread that lives on.
#pragma once

#include <pthread.h>
#include <sched.h>

#include "common.h"

namespace axo {

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

// Calls step(failure) inside the namespace behind `netns`, on a thread that ends there, so that neither the main thread
// nor a pool thread ever changes its namespace. With netns < 0 the step runs in place.
template <typename Step>
bool RunInNetns(int netns, Failure* failure, Step step) {
  if (netns < 0) return step(failure);
  return RunOnFreshThread(failure, [netns, &step](Failure* f) {
    if (setns(netns, CLONE_NEWNET) != 0) return Failed(f, "setns");
    return static_cast<bool>(step(f));
  });
}

}  // namespace axo

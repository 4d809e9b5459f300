// SPDX-License-Identifier: Apache-2.0
// Running a step inside another network namespace without moving any thread that lives on.
#pragma once

#include <pthread.h>
#include <sched.h>

#include "common.h"

namespace axo {

// Calls step(failure) on a fresh thread that has entered the namespace behind `netns`, and waits for it. The thread
// ends there, so neither the main thread nor a pool thread ever changes its namespace. With netns < 0 the step runs in
// place. pthread_create instead of std::thread: it reports EAGAIN, where std::thread throws.
template <typename Step>
bool RunInNetns(int netns, Failure* failure, Step step) {
  if (netns < 0) return step(failure);

  struct Call {
    int netns;
    Failure* failure;
    Step* step;
    bool ok;
  } call{netns, failure, &step, false};

  auto body = [](void* argument) -> void* {
    Call* self = static_cast<Call*>(argument);
    if (setns(self->netns, CLONE_NEWNET) != 0) {
      self->ok = Failed(self->failure, "setns");
    } else {
      self->ok = (*self->step)(self->failure);
    }
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

}  // namespace axo

// SPDX-License-Identifier: Apache-2.0
// Threads for calls that the kernel may block for long, and the way back to JavaScript. They are apart from libuv's
// pool, whose four threads serve files, name look-ups and compression: while another process holds the kernel's lock on
// network devices (RTNL), every netlink exchange waits for it, and nothing else of the process may wait with them.
#pragma once

#include "common.h"

namespace axo {

// One piece of work. Run is called on a worker thread and touches no JavaScript; Finish and the destructor on the
// thread of the environment that started it. Finish is left out when that environment is ending.
class Work {
 public:
  virtual ~Work() = default;
  virtual void Run() = 0;
  virtual void Finish() = 0;
};

// Takes ownership and keeps the event loop alive until the work is finished. False with a failure when the work can
// never run (no thread can be had); then the caller keeps it.
bool StartWork(Napi::Env env, Work* work, Failure* failure);

}  // namespace axo

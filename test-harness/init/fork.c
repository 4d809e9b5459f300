// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

/* linux/sched.h (clone3(2), CLONE_INTO_CGROUP since kernel 5.7), which not every libc brings. */
static const uint64_t clone_into_cgroup = 0x200000000;

struct clone_arguments {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

/* A child that starts in its cgroup costs nothing; one that moves there waits some 6 ms for an RCU grace period. */
pid_t fork_into(int cgroup, uint64_t flags) {
  struct clone_arguments arguments = {.flags = flags, .exit_signal = SIGCHLD};
  if (cgroup >= 0) {
    arguments.flags |= clone_into_cgroup;
    arguments.cgroup = (uint64_t)cgroup;
  }
  return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "launcher.h"

// The file system of namespaces (linux/magic.h).
#define NSFS_MAGIC 0x6e736673
// linux/netlink.h
#define NETLINK_ROUTE 0

// What is no network namespace is not opened: the path comes from outside, and opening a FIFO would wait for ever.
static int open_namespace(const char* path) {
  struct statfs status;
  if (path == NULL || *path == '\0' || statfs(path, &status) != 0 || status.f_type != NSFS_MAGIC) return -1;
  return open(path, O_RDONLY | O_CLOEXEC);
}

static int open_own(void) {
  return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

// Goes into the namespace and comes back. The launcher has one thread and nothing of it depends on where it is; the
// cold executable, which it may become, must start where the runtime is. One that cannot be entered leaves the pod
// empty: the cold executable says what is wrong with it.
void open_pod(const char* path, struct pod* pod) {
  *pod = (struct pod){-1, -1, -1};
  int netns = open_namespace(path);
  int own = netns < 0 ? -1 : open_own();
  if (own < 0 || setns(netns, CLONE_NEWNET) != 0) return;
  // Not the descriptor of the path: as long as a daemon that hangs had that, the runtime could not unmount its file.
  pod->netns = open_own();
  close(netns);
  pod->route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  // Not there on a kernel without IPv6.
  pod->sysctl = open("/proc/sys/net/ipv6/conf", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (setns(own, CLONE_NEWNET) != 0) give_up("leave network namespace", path);
  close(own);
}

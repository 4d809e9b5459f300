// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "init.h"

void netns_add(const char* path) {
  if (unshare(CLONE_NEWNET)) die("make", "a network namespace");
  must_mount("/proc/self/ns/net", path, NULL, MS_BIND, NULL);
}

/* MNT_DETACH as runtimes do it, whoever has the namespace open. A path may be mounted on several times. */
void netns_remove(const char* path) {
  while (umount2(path, MNT_DETACH) == 0) continue;
  if (unlink(path) && errno != ENOENT) die("remove", path);
}

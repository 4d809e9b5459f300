// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"

/* A killed process leaves its cgroup a little later: 5 s is for a busy machine. */
enum { TRIES = 1000, PAUSE_US = 5000 };

static void wait_for_end_of_input(void) {
  char drop[16];
  ssize_t got;
  do {
    got = read(0, drop, sizeof(drop));
  } while (got > 0 || (got < 0 && errno == EINTR));
}

/* cgroup.kill is there since kernel 5.14; before, the end of the machines' processes 1 must do. */
static void kill_all(const char* cgroup) {
  char path[PATH_MAX];
  snprintf(path, sizeof(path), "%s/cgroup.kill", cgroup);
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  (void)!write(file, "1", 1);
  close(file);
}

static int remove_folder(const char* path, const struct stat* state, int kind, struct FTW* where) {
  (void)state;
  (void)where;
  if (kind == FTW_DP) (void)rmdir(path);
  return 0;
}

void reap_lab(const char* cgroup) {
  signal(SIGHUP, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  wait_for_end_of_input();
  for (int tries = 0; tries < TRIES && access(cgroup, F_OK) == 0; tries++) {
    if (tries > 0) usleep(PAUSE_US);
    kill_all(cgroup);
    nftw(cgroup, remove_folder, 8, FTW_DEPTH | FTW_PHYS);
  }
}

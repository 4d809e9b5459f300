// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher.h"

// conf/heartbeat.ts has these, and the form of a heartbeat: "PID MILLISECONDS PHASE".
#define HUNG_MS 30000
#define HEARTBEAT_SIZE 64
// A heartbeat that is too old is looked at twice: a daemon that has just taken the lock finds the last one's there.
#define CONFIRM_MS 50

static bool is_locked(int fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static enum liveness read_heartbeat(int fd) {
  char text[HEARTBEAT_SIZE + 1] = "";
  if (pread(fd, text, HEARTBEAT_SIZE, 0) != HEARTBEAT_SIZE) return LIVENESS_STARTING;
  char* rest = strchr(text, ' ');
  if (rest == NULL) return LIVENESS_STARTING;
  long long at_ms = strtoll(rest, &rest, 10);
  if (monotonic_ms() - at_ms > HUNG_MS) return LIVENESS_HUNG;
  return strncmp(rest, " serving", 8) == 0 ? LIVENESS_SERVING : LIVENESS_STARTING;
}

enum liveness look_at_daemon(void) {
  char path[PATH_MAX];
  int fd = name_file(path, sizeof path, "daemon.lock") ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return LIVENESS_AWAY;
  enum liveness seen = is_locked(fd) ? read_heartbeat(fd) : LIVENESS_AWAY;
  if (seen == LIVENESS_HUNG) {
    poll(NULL, 0, CONFIRM_MS);
    seen = is_locked(fd) ? read_heartbeat(fd) : LIVENESS_AWAY;
  }
  close(fd);
  return seen;
}

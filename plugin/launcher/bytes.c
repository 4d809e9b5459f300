// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "launcher.h"

// A file of the daemon of this root; false when the path is too long.
bool name_file(char* path, size_t room, const char* name) {
  const char* root = getenv("AXONEME_ROOT");
  int size = snprintf(path, room, "%s/run/axoneme/%s", root == NULL ? "" : root, name);
  return size > 0 && (size_t)size < room;
}

// Writes everything, whether or not the descriptor blocks.
bool write_all(int fd, const void* data, size_t size) {
  const char* bytes = data;
  while (size > 0) {
    ssize_t count = write(fd, bytes, size);
    if (count >= 0) {
      bytes += count;
      size -= (size_t)count;
    } else if (errno == EAGAIN) {
      struct pollfd writable = {fd, POLLOUT, 0};
      poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

// Waits until there is something to read, the end included; false at `until_ms` of the launcher's clock.
bool wait_readable(int fd, int until_ms) {
  struct pollfd readable = {fd, POLLIN, 0};
  for (;;) {
    int left = until_ms - clock_ms();
    int count = poll(&readable, 1, left > 0 ? left : 0);
    if (count > 0) return true;
    if (count == 0 || errno != EINTR) return false;
  }
}

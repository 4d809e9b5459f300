// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "launcher.h"

// daemon/cni/status-cache.ts has both limits.
#define CALL_MAX (16u * 1024)
#define CALLS_MAX 8

struct record {
  uint32_t environment_size;
  uint32_t input_size;
};

static ssize_t read_published(char* bytes, size_t room) {
  char path[PATH_MAX];
  int fd = name_file(path, sizeof path, "status-ok") ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  ssize_t size = fd < 0 ? -1 : read(fd, bytes, room);
  if (fd >= 0) close(fd);
  return size;
}

// Whether the daemon has published that this very STATUS would be answered without an error. The file is small and
// replaced as a whole, so that one read gets all of it.
bool is_published(const char* environment, size_t environment_size, int input) {
  static char bytes[CALL_MAX * CALLS_MAX], call[CALL_MAX];
  ssize_t size = read_published(bytes, sizeof bytes);
  if (size < 0 || environment_size >= sizeof call) return false;
  memcpy(call, environment, environment_size);
  ssize_t input_size = pread(input, call + environment_size, sizeof call - environment_size, 0);
  if (input_size < 0) return false;
  const struct record wanted = {(uint32_t)environment_size, (uint32_t)input_size};
  for (size_t at = 0; at + sizeof wanted <= (size_t)size;) {
    struct record found;
    memcpy(&found, bytes + at, sizeof found);
    size_t length = (size_t)found.environment_size + found.input_size;
    at += sizeof found;
    if (length > (size_t)size - at) return false;
    if (memcmp(&found, &wanted, sizeof found) == 0 && memcmp(bytes + at, call, length) == 0) return true;
    at += length;
  }
  return false;
}

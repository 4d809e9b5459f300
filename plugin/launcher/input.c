// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "launcher.h"

// Not in every libc: linux/memfd.h. Where the node demands it (sysctl vm.memfd_noexec) a memfd must say that it is no
// program.
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

static int make_file(void) {
  int fd = memfd_create("axoneme-stdin", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  // EINVAL: a kernel before 6.3 does not know the flag.
  if (fd < 0 && errno == EINVAL) fd = memfd_create("axoneme-stdin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return fd;
}

// One chunk of stdin, 0 at its end, -1 when it cannot be read.
static ssize_t read_some(char* chunk, size_t size) {
  for (;;) {
    ssize_t count = read(STDIN_FILENO, chunk, size);
    if (count >= 0) return count;
    if (errno == EAGAIN) {
      struct pollfd readable = {STDIN_FILENO, POLLIN, 0};
      poll(&readable, 1, -1);
    } else if (errno != EINTR) {
      return -1;
    }
  }
}

int take_input(void) {
  static char chunk[64 * 1024];
  int file = make_file();
  if (file < 0) return -1;
  // What is larger is refused, by the cold executable, in good words: so much that it sees that is enough.
  for (size_t size = 0; size <= INPUT_MAX;) {
    ssize_t count = read_some(chunk, sizeof chunk);
    if (count < 0 && size == 0) return -1;
    // What was taken from stdin nobody can read again.
    if (count < 0 || !write_all(file, chunk, (size_t)count)) give_up("keep the configuration from", "stdin");
    if (count == 0) break;
    size += (size_t)count;
  }
  // Whoever reads it knows that it stays as it is.
  if (fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    give_up("seal the configuration from", "stdin");
  return file;
}

// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "init.h"

enum { HEAD = 9 };

/* A virtual machine's only port of the only virtio serial device; port 0 is kept for consoles. devtmpfs names it
 * (drivers/char/virtio_console.c). */
static const char port[] = "/dev/vport0p1";

/* The driver finds its ports after the device, in a work queue. */
int wire_open_port(void) {
  for (int tries = 0; tries < 3000; tries++) {
    int wire = open(port, O_RDWR | O_CLOEXEC);
    if (wire >= 0) return wire;
    if (errno != ENOENT && errno != ENXIO) break;
    usleep(10000);
  }
  die("open", port);
}

static void put_number(uint8_t* bytes, size_t number) {
  for (int i = 0; i < 4; i++) bytes[i] = (number >> (8 * i)) & 0xff;
}

static uint32_t get_number(const uint8_t* bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* Leaves out of the parts what has been written. */
static void skip(struct iovec* parts, int count, size_t written) {
  for (int i = 0; i < count; i++) {
    size_t step = written < parts[i].iov_len ? written : parts[i].iov_len;
    parts[i].iov_base = (uint8_t*)parts[i].iov_base + step;
    parts[i].iov_len -= step;
    written -= step;
  }
}

void wire_send(int wire, uint8_t kind, uint32_t command, const void* payload, size_t length) {
  uint8_t head[HEAD] = {kind};
  put_number(head + 1, command);
  put_number(head + 5, length);
  struct iovec parts[] = {{head, HEAD}, {(void*)payload, length}};
  for (size_t left = HEAD + length; left > 0;) {
    ssize_t written = writev(wire, parts, 2);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) die("write to", "the harness");
    skip(parts, 2, (size_t)written);
    left -= (size_t)written;
  }
}

/* A read of 0 bytes means that nobody holds the harness's end. */
static int read_all(int wire, uint8_t* bytes, size_t length) {
  while (length > 0) {
    ssize_t got = read(wire, bytes, length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    bytes += got;
    length -= (size_t)got;
  }
  return 1;
}

int wire_receive(int wire, struct frame* frame) {
  uint8_t head[HEAD];
  if (!read_all(wire, head, sizeof(head))) return 0;
  frame->kind = head[0];
  frame->command = get_number(head + 1);
  frame->length = get_number(head + 5);
  frame->payload = malloc((size_t)frame->length + 1);
  if (!frame->payload) die("keep", "a frame");
  /* what is read as text ends somewhere, whatever the harness sent */
  frame->payload[frame->length] = 0;
  return read_all(wire, frame->payload, frame->length);
}

// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

/* The only port of the only virtio serial device; port 0 is kept for consoles. devtmpfs names it
 * (drivers/char/virtio_console.c). */
static const char port[] = "/dev/vport0p1";

/* The driver finds its ports after the device, in a work queue. */
int wire_open(void) {
  for (int tries = 0; tries < 3000; tries++) {
    int wire = open(port, O_RDWR | O_CLOEXEC);
    if (wire >= 0) return wire;
    if (errno != ENOENT && errno != ENXIO) break;
    usleep(10000);
  }
  die("open", port);
}

static void write_all(int wire, const uint8_t* bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(wire, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) die("write to", port);
    bytes += written;
    length -= (size_t)written;
  }
}

void wire_send(int wire, uint8_t kind, const void* payload, size_t length) {
  uint8_t head[5] = {kind, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff, (length >> 24) & 0xff};
  write_all(wire, head, sizeof(head));
  write_all(wire, payload, length);
}

/* A read of 0 bytes means that nobody holds the host's end. */
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
  uint8_t head[5];
  if (!read_all(wire, head, sizeof(head))) return 0;
  frame->kind = head[0];
  frame->length = (uint32_t)head[1] | (uint32_t)head[2] << 8 | (uint32_t)head[3] << 16 | (uint32_t)head[4] << 24;
  frame->payload = malloc((size_t)frame->length + 1);
  if (!frame->payload) die("keep", "a frame");
  /* what is read as text ends somewhere, whatever the host sent */
  frame->payload[frame->length] = 0;
  return read_all(wire, frame->payload, frame->length);
}

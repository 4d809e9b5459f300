// SPDX-License-Identifier: Apache-2.0
// Sends one frame out of a device as often as it goes, past every queue: `flood DEVICE SECONDS FRAME` (in hexadecimal).
// Prints how many frames the kernel took.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define MOST 2048

static void must(int ok, const char* what) {
  if (ok) return;
  perror(what);
  exit(1);
}

static size_t decode(const char* hex, unsigned char* frame) {
  size_t size = strlen(hex) / 2;
  must(size <= MOST, "decode the frame");
  for (size_t i = 0; i < size; i++) must(sscanf(hex + 2 * i, "%2hhx", &frame[i]) == 1, "decode the frame");
  return size;
}

static int open_device(const char* name) {
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name)};
  int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1;
  must(fd >= 0, "socket");
  must(address.sll_ifindex != 0, name);
  must(bind(fd, (struct sockaddr*)&address, sizeof address) == 0, "bind");
  must(setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) == 0, "bypass the queue");
  return fd;
}

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  static unsigned char frame[MOST];
  struct iovec vector = {.iov_base = frame, .iov_len = decode(argv[3], frame)};
  struct mmsghdr batch[BATCH];
  memset(batch, 0, sizeof batch);
  for (int i = 0; i < BATCH; i++) batch[i].msg_hdr = (struct msghdr){.msg_iov = &vector, .msg_iovlen = 1};
  int fd = open_device(argv[1]);
  unsigned long sent = 0;
  for (double end = seconds() + atof(argv[2]); seconds() < end;) {
    int taken = sendmmsg(fd, batch, BATCH, 0);
    if (taken > 0) sent += (unsigned long)taken;
  }
  printf("%lu\n", sent);
  return 0;
}

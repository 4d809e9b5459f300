// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "launcher.h"

// daemon/cni/protocol.ts has both structs, and the tests both sides.
#define MAGIC 0x494e4341u  // "ACNI" in memory on a little-endian machine
#define VERSION 1
#define TAKEN 'T'
#define RETRY_MS 5

struct request {
  uint32_t magic;
  uint16_t version;
  // which descriptors come along: 1 netns, 2 route, 4 sysctl; stdin's comes first and always
  uint16_t parts;
  uint32_t environment_size;
};

struct answer {
  uint32_t status;
  uint32_t stdout_size;
  uint32_t stderr_size;
};

// Where the daemon of this root listens; false for a path that no socket can have.
static bool name_socket(struct sockaddr_un* name) {
  const char* root = getenv("AXONEME_ROOT");
  name->sun_family = AF_UNIX;
  int size = snprintf(name->sun_path, sizeof name->sun_path, "%s/run/axoneme/cni.sock", root == NULL ? "" : root);
  return size > 0 && (size_t)size < sizeof name->sun_path;
}

// EAGAIN: its queue is full, as a daemon's is that hangs, or that meets more calls at once than it can take.
static int connect_daemon(int until_ms) {
  struct sockaddr_un name;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || !name_socket(&name)) return -1;
  while (connect(fd, (struct sockaddr*)&name, sizeof name) != 0) {
    if (errno != EINTR && (errno != EAGAIN || clock_ms() + RETRY_MS > until_ms)) {
      close(fd);
      return -1;
    }
    if (errno == EAGAIN) poll(NULL, 0, RETRY_MS);
  }
  return fd;
}

// The variables that are the call, each with its zero; -1 when they do not fit.
static ssize_t collect_environment(char** environment, char* out, size_t room) {
  size_t size = 0;
  for (char** one = environment; *one != NULL; one++) {
    if (strncmp(*one, "CNI_", 4) != 0 && strncmp(*one, "AXONEME_", 8) != 0) continue;
    size_t length = strlen(*one) + 1;
    if (length > room - size) return -1;
    memcpy(out + size, *one, length);
    size += length;
  }
  return (ssize_t)size;
}

static uint16_t collect_descriptors(int input, const struct pod* pod, int* fds, size_t* count) {
  const int parts[] = {pod->netns, pod->route, pod->sysctl};
  uint16_t bits = 0;
  fds[(*count)++] = input;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (parts[i] < 0) continue;
    bits |= (uint16_t)(1u << i);
    fds[(*count)++] = parts[i];
  }
  return bits;
}

static bool send_request(int fd, char** environment, int input, const struct pod* pod) {
  static char bytes[REQUEST_MAX];
  struct request request = {.magic = MAGIC, .version = VERSION};
  ssize_t size = collect_environment(environment, bytes + sizeof request, sizeof bytes - sizeof request);
  if (size < 0) return false;
  int fds[4];
  size_t count = 0;
  request.environment_size = (uint32_t)size;
  request.parts = collect_descriptors(input, pod, fds, &count);
  memcpy(bytes, &request, sizeof request);

  struct iovec vector = {bytes, sizeof request + (size_t)size};
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof fds)];
  } control = {0};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control};
  message.msg_controllen = (socklen_t)CMSG_SPACE(count * sizeof *fds);
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  header->cmsg_len = (socklen_t)CMSG_LEN(count * sizeof *fds);
  memcpy(CMSG_DATA(header), fds, count * sizeof *fds);
  ssize_t sent;
  do sent = sendmsg(fd, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == (ssize_t)vector.iov_len;
}

// What has arrived: the number of bytes, 0 at the end of the connection or when nothing came in time.
static size_t receive(int fd, void* room, size_t size, int until_ms) {
  if (!wait_readable(fd, until_ms)) return 0;
  ssize_t count;
  do count = recv(fd, room, size, MSG_DONTWAIT);
  while (count < 0 && errno == EINTR);
  return count > 0 ? (size_t)count : 0;
}

// The daemon begins only after its word is in the queue, which takes none once reading is shut: either the word is
// there now, or the daemon never begins.
static enum fate await_word(int fd, int until_ms) {
  char word = 0;
  if (receive(fd, &word, 1, until_ms) == 1) return word == TAKEN ? FATE_ANSWERED : FATE_NOT_TAKEN;
  shutdown(fd, SHUT_RD);
  return recv(fd, &word, 1, MSG_DONTWAIT) == 1 && word == TAKEN ? FATE_SILENT : FATE_NOT_TAKEN;
}

// The whole answer comes before the first byte goes out: one that breaks off has told the runtime nothing yet.
static enum fate await_answer(int fd, int until_ms, int* status) {
  static char bytes[sizeof(struct answer) + ANSWER_MAX];
  struct answer head = {0};
  size_t size = 0, wanted = sizeof head;
  while (size < wanted) {
    size_t count = receive(fd, bytes + size, wanted - size, until_ms);
    if (count == 0) return clock_ms() < until_ms ? FATE_LOST : FATE_SILENT;
    size += count;
    if (size != sizeof head || wanted != sizeof head) continue;
    memcpy(&head, bytes, sizeof head);
    if (head.stdout_size > ANSWER_MAX || head.stderr_size > ANSWER_MAX - head.stdout_size) return FATE_LOST;
    wanted += head.stdout_size + head.stderr_size;
  }
  // Stderr is for people; that it is closed is no reason to fail.
  write_all(STDERR_FILENO, bytes + sizeof head + head.stdout_size, head.stderr_size);
  *status = write_all(STDOUT_FILENO, bytes + sizeof head, head.stdout_size) ? (int)head.status : 1;
  return FATE_ANSWERED;
}

enum fate ask_daemon(char** environment, int input, const struct pod* pod, const struct patience* patience,
                     int* status) {
  int fd = connect_daemon(patience->taken_ms);
  if (fd < 0) return FATE_NOT_TAKEN;
  enum fate fate = FATE_NOT_TAKEN;
  if (send_request(fd, environment, input, pod)) fate = await_word(fd, patience->taken_ms);
  if (fate == FATE_ANSWERED) fate = await_answer(fd, patience->answered_ms, status);
  // Now, not when the cold executable starts: to the daemon this is the end of the call.
  close(fd);
  return fate;
}

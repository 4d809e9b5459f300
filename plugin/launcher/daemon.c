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
#define LONGEST_RETRY_MS 80

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

// Silence after which the daemon is first looked at: an answer that comes earlier costs no look. And the longest pause
// between two looks.
#define FIRST_LOOK_MS 50
#define LONGEST_LOOK_MS 1000

// Until when the daemon is waited for, by what is seen of it now.
static int deadline_of(const struct patience* patience, bool is_taken) {
  switch (look_at_daemon()) {
    case LIVENESS_AWAY:
      return is_taken ? patience->answered_ms : patience->taken_ms;
    case LIVENESS_HUNG:
      return 0;
    default:
      return patience->alive_ms;
  }
}

static int later(int pause_ms) {
  return pause_ms < LONGEST_LOOK_MS / 2 ? 2 * pause_ms : LONGEST_LOOK_MS;
}

// Until when another attempt to connect makes sense, after one that failed with `reason`. `*alive_ms` is when the
// daemon was last seen alive, 0 for never: one that ends may be followed by another.
static int retry_until(int reason, const struct patience* patience, int* alive_ms) {
  enum liveness seen = look_at_daemon();
  // Its queue is full: it meets more calls at once than the kernel queues.
  bool is_busy = reason == EAGAIN;
  if (seen == LIVENESS_STARTING || (is_busy && seen == LIVENESS_SERVING)) {
    *alive_ms = clock_ms();
    return is_busy ? patience->alive_ms : patience->started_ms;
  }
  if (seen != LIVENESS_AWAY) return 0;
  return is_busy ? patience->taken_ms : *alive_ms == 0 ? 0 : *alive_ms + patience->taken_ms;
}

static int connect_daemon(const struct patience* patience) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || !name_file(name.sun_path, sizeof name.sun_path, "cni.sock")) return -1;
  int alive_ms = 0, pause_ms = RETRY_MS;
  while (connect(fd, (struct sockaddr*)&name, sizeof name) != 0) {
    if (errno == EINTR) continue;
    bool may_return = errno == EAGAIN || errno == ENOENT || errno == ECONNREFUSED;
    if (!may_return || clock_ms() + pause_ms > retry_until(errno, patience, &alive_ms)) {
      close(fd);
      return -1;
    }
    poll(NULL, 0, pause_ms);
    pause_ms = pause_ms < LONGEST_RETRY_MS ? 2 * pause_ms : pause_ms;
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

// The variables that are the call, with room for the header before them.
struct variables {
  char bytes[REQUEST_MAX];
  size_t size;
};

static bool send_request(int fd, struct variables* variables, int input, const struct pod* pod) {
  struct request request = {.magic = MAGIC, .version = VERSION, .environment_size = (uint32_t)variables->size};
  int fds[4];
  size_t count = 0;
  request.parts = collect_descriptors(input, pod, fds, &count);
  memcpy(variables->bytes, &request, sizeof request);

  struct iovec vector = {variables->bytes, sizeof request + variables->size};
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

// Waits for something to read as long as the daemon is worth waiting for.
static bool await_readable(int fd, const struct patience* patience, bool is_taken) {
  int deadline_ms = clock_ms() < FIRST_LOOK_MS ? patience->alive_ms : deadline_of(patience, is_taken);
  for (int pause_ms = FIRST_LOOK_MS;; pause_ms = later(pause_ms)) {
    int until_ms = clock_ms() + pause_ms;
    if (wait_readable(fd, until_ms < deadline_ms ? until_ms : deadline_ms)) return true;
    deadline_ms = deadline_of(patience, is_taken);
    if (clock_ms() >= deadline_ms) return false;
  }
}

// What has arrived: the number of bytes, 0 at the end of the connection, -1 when nothing came in time.
static ssize_t receive(int fd, void* room, size_t size, const struct patience* patience, bool is_taken) {
  if (!await_readable(fd, patience, is_taken)) return -1;
  ssize_t count;
  do count = recv(fd, room, size, MSG_DONTWAIT);
  while (count < 0 && errno == EINTR);
  return count > 0 ? count : 0;
}

// The daemon begins only after its word is in the queue, which takes none once reading is shut: either the word is
// there now, or the daemon never begins.
static enum fate await_word(int fd, const struct patience* patience) {
  char word = 0;
  if (receive(fd, &word, 1, patience, false) == 1) return word == TAKEN ? FATE_ANSWERED : FATE_NOT_TAKEN;
  shutdown(fd, SHUT_RD);
  return recv(fd, &word, 1, MSG_DONTWAIT) == 1 && word == TAKEN ? FATE_SILENT : FATE_NOT_TAKEN;
}

// The whole answer comes before the first byte goes out: one that breaks off has told the runtime nothing yet.
static enum fate await_answer(int fd, const struct patience* patience, int* status) {
  static char bytes[sizeof(struct answer) + ANSWER_MAX];
  struct answer head = {0};
  size_t size = 0, wanted = sizeof head;
  while (size < wanted) {
    ssize_t count = receive(fd, bytes + size, wanted - size, patience, true);
    if (count <= 0) return count == 0 ? FATE_LOST : FATE_SILENT;
    size += (size_t)count;
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

// Whether a daemon that serves is too busy to answer at once what it has published. `fd` is -1 where its queue is full.
static bool has_published(int fd, const struct variables* variables, int input, const struct patience* patience) {
  if (!patience->may_be_published || (fd >= 0 && wait_readable(fd, FIRST_LOOK_MS))) return false;
  return look_at_daemon() == LIVENESS_SERVING &&
         is_published(variables->bytes + sizeof(struct request), variables->size, input);
}

enum fate ask_daemon(char** environment, int input, const struct pod* pod, const struct patience* patience,
                     int* status) {
  static struct variables variables;
  ssize_t size = collect_environment(environment, variables.bytes + sizeof(struct request),
                                     sizeof variables.bytes - sizeof(struct request));
  if (size < 0) return FATE_NOT_TAKEN;
  variables.size = (size_t)size;
  int fd = connect_daemon(patience);
  bool is_sent = fd >= 0 && send_request(fd, &variables, input, pod);
  enum fate fate = FATE_NOT_TAKEN;
  if (has_published(is_sent ? fd : -1, &variables, input, patience)) {
    *status = 0;
    fate = FATE_ANSWERED;
  } else if (is_sent) {
    fate = await_word(fd, patience);
    if (fate == FATE_ANSWERED) fate = await_answer(fd, patience, status);
  }
  // Now, not when the cold executable starts: to the daemon this is the end of the call.
  if (fd >= 0) close(fd);
  return fate;
}

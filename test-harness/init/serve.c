// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

static const uint8_t output_kind[] = {FRAME_STDOUT, FRAME_STDERR};

/* The state of a conversation with the harness. */
struct service {
  int wire;
  int signals;
  const struct machine* machine;
  struct command* commands;
};

static int watch_children(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, NULL);
  int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) die("watch", "child processes");
  return signals;
}

static void close_end(int* end) {
  if (*end >= 0) close(*end);
  *end = -1;
}

/* Passes on at most `limit` bytes and one read. Returns how many there were; 0 when there is nothing now. */
static size_t pass_on(int wire, struct command* command, int number, size_t limit) {
  static uint8_t bytes[65536];
  int* pipe = &command->output[number];
  ssize_t got = read(*pipe, bytes, limit < sizeof(bytes) ? limit : sizeof(bytes));
  if (got > 0) wire_send(wire, output_kind[number], command->id, bytes, (size_t)got);
  if (got == 0) close_end(pipe);
  if (got < 0 && errno != EAGAIN && errno != EINTR) die("read", "a command's output");
  return got > 0 ? (size_t)got : 0;
}

/* Passes on what the pipe holds now: processes that the command left behind may write for ever. */
static void pass_on_rest(int wire, struct command* command, int number) {
  int left = 0;
  if (command->output[number] < 0 || ioctl(command->output[number], FIONREAD, &left)) return;
  while (left > 0) {
    size_t got = pass_on(wire, command, number, (size_t)left);
    if (got == 0) return;
    left -= (int)got;
  }
}

/* Writes what fits of the command's input. A command that does not read it to the end is not told. */
static void feed(struct command* command) {
  while (command->rest_length > 0) {
    ssize_t written = write(command->input, command->rest, command->rest_length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0) break;
    command->rest += written;
    command->rest_length -= (size_t)written;
  }
  close_end(&command->input);
  free(command->payload);
  command->payload = NULL;
}

static void tell_end(int wire, struct command* command, int status) {
  for (int number = 0; number < 2; number++) pass_on_rest(wire, command, number);
  close_end(&command->input);
  command->process = 0;
  const uint8_t end[] = {WIFEXITED(status) ? WEXITSTATUS(status) : 0, WIFSIGNALED(status) ? WTERMSIG(status) : 0};
  wire_send(wire, FRAME_EXIT, command->id, end, sizeof(end));
}

/* Takes in every process that has ended, orphans as well. */
static void reap(struct service* service) {
  struct signalfd_siginfo drop;
  while (read(service->signals, &drop, sizeof(drop)) > 0) continue;
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
    for (struct command* command = service->commands; command; command = command->next)
      if (command->process == pid) tell_end(service->wire, command, status);
}

/* Forgets commands that have ended and whose output has. */
static void sweep(struct service* service) {
  for (struct command** at = &service->commands; *at;) {
    struct command* command = *at;
    if (command->process != 0 || command->output[0] >= 0 || command->output[1] >= 0) {
      at = &command->next;
      continue;
    }
    wire_send(service->wire, FRAME_CLOSED, command->id, NULL, 0);
    *at = command->next;
    free(command->payload);
    free(command);
  }
}

static void send_signal(const struct service* service, const struct frame* frame) {
  for (const struct command* command = service->commands; command; command = command->next)
    if (command->id == frame->command && command->process > 0) kill(command->process, frame->payload[0]);
}

/* False when the harness has closed its end. */
static int take_frame(struct service* service) {
  struct frame frame = {0};
  int is_open = wire_receive(service->wire, &frame);
  if (is_open && frame.kind == FRAME_SIGNAL) send_signal(service, &frame);
  if (is_open && frame.kind == FRAME_COMMAND) {
    struct command* command = command_start(service->wire, &frame, service->machine);
    if (command) {
      command->next = service->commands;
      service->commands = command;
      if (command->input >= 0) feed(command);
    }
  }
  free(frame.payload);
  return is_open;
}

enum { FIRST = 2, EACH = 3 };

/* What is waited for: the wire, signals, and three pipes of each command; negative descriptors are passed over. */
static nfds_t gather(const struct service* service, struct pollfd** watched) {
  nfds_t count = FIRST;
  for (const struct command* command = service->commands; command; command = command->next) count += EACH;
  *watched = realloc(*watched, count * sizeof(**watched));
  if (!*watched) die("keep", "what is waited for");
  struct pollfd* next = *watched;
  *next++ = (struct pollfd){service->wire, POLLIN, 0};
  *next++ = (struct pollfd){service->signals, POLLIN, 0};
  for (const struct command* command = service->commands; command; command = command->next) {
    *next++ = (struct pollfd){command->output[0], POLLIN, 0};
    *next++ = (struct pollfd){command->output[1], POLLIN, 0};
    *next++ = (struct pollfd){command->input, POLLOUT, 0};
  }
  return count;
}

/* One read of each pipe that has something, so that no command holds up the others. */
static void move_bytes(struct service* service, const struct pollfd* ready) {
  for (struct command* command = service->commands; command; command = command->next, ready += EACH) {
    for (int number = 0; number < 2; number++)
      if (ready[number].revents) pass_on(service->wire, command, number, SIZE_MAX);
    if (ready[2].revents) feed(command);
  }
}

void serve(int wire, const struct machine* machine) {
  struct service service = {.wire = wire, .signals = watch_children(), .machine = machine};
  struct pollfd* watched = NULL;
  for (int is_open = 1; is_open;) {
    nfds_t count = gather(&service, &watched);
    if (poll(watched, count, -1) < 0 && errno != EINTR) die("wait for", "commands");
    move_bytes(&service, watched + FIRST);
    if (watched[1].revents) reap(&service);
    sweep(&service);
    if (watched[0].revents) is_open = take_frame(&service);
  }
}

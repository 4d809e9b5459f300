// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

/*
 * A command's frame: two counts, of arguments and of environment entries, four bytes each, little endian; then texts
 * that end with a zero byte: the working folder, the arguments, the environment; the rest is what the command reads on
 * its standard input.
 */
struct command {
  const char* folder;
  char** arguments;
  char** environment;
  const uint8_t* input;
  size_t input_length;
};

static uint32_t read_count(const uint8_t* bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static char** take_texts(uint8_t** at, const uint8_t* end, uint32_t count) {
  char** texts = calloc((size_t)count + 1, sizeof(char*));
  if (!texts) die("keep", "a command");
  for (uint32_t i = 0; i < count && *at < end; i++) {
    texts[i] = (char*)*at;
    *at += strlen(texts[i]) + 1;
  }
  return texts;
}

static struct command parse(const struct frame* frame) {
  uint8_t *at = frame->payload + 8, *end = frame->payload + frame->length;
  struct command command = {0};
  command.folder = (char*)at;
  at += strlen(command.folder) + 1;
  command.arguments = take_texts(&at, end, read_count(frame->payload));
  command.environment = take_texts(&at, end, read_count(frame->payload + 4));
  command.input = at;
  command.input_length = at < end ? (size_t)(end - at) : 0;
  return command;
}

/* A nameless file, so that any amount can be read at any pace. */
static int input_file(const struct command* command) {
  int file = open("/run", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) die("make", "a file for the standard input");
  for (size_t done = 0; done < command->input_length;) {
    ssize_t written = write(file, command->input + done, command->input_length - done);
    if (written < 0) die("write", "the standard input");
    done += (size_t)written;
  }
  lseek(file, 0, SEEK_SET);
  return file;
}

/* 126 and 127 as a shell has them (POSIX, 2.8.2 Exit Status for Commands). */
_Noreturn static void become(const struct command* command, int input, int output, int error) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  dup2(input, 0);
  dup2(output, 1);
  dup2(error, 2);
  if (chdir(command->folder)) {
    dprintf(2, "enter %s: %s\n", command->folder, strerror(errno));
    _exit(126);
  }
  clearenv();
  for (char** entry = command->environment; *entry; entry++) putenv(*entry);
  execvp(command->arguments[0], command->arguments);
  dprintf(2, "run %s: %s\n", command->arguments[0], strerror(errno));
  _exit(errno == ENOENT ? 127 : 126);
}

/* Passes on what is there to read. False when nothing more can come. */
static int pass_on(int wire, uint8_t kind, int pipe) {
  static uint8_t bytes[65536];
  for (;;) {
    ssize_t got = read(pipe, bytes, sizeof(bytes));
    if (got > 0) wire_send(wire, kind, bytes, (size_t)got);
    if (got == 0) return 0;
    if (got < 0 && errno == EAGAIN) return 1;
    if (got < 0 && errno != EINTR) die("read", "the command's output");
  }
}

/* Takes in every process that has ended, orphans as well. True when the command is among them. */
static int reap(pid_t child, int* status) {
  int ended = 0, how;
  for (pid_t pid; (pid = waitpid(-1, &how, WNOHANG)) > 0;) {
    if (pid != child) continue;
    ended = 1;
    *status = how;
  }
  return ended;
}

static int watch_children(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, NULL);
  int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) die("watch", "child processes");
  return signals;
}

/*
 * Follows the command to its end. What its pipes hold then is passed on; what processes that it left behind write later
 * is not waited for, so that a daemon started in the background does not hold the command open.
 */
static int follow(int wire, pid_t child, int output, int error, int signals) {
  struct pollfd watched[] = {{output, POLLIN, 0}, {error, POLLIN, 0}, {signals, POLLIN, 0}};
  struct signalfd_siginfo drop;
  int status = 0;
  for (int ended = 0; !ended;) {
    if (poll(watched, 3, -1) < 0 && errno != EINTR) die("wait for", "the command");
    while (read(signals, &drop, sizeof(drop)) > 0) continue;
    ended = reap(child, &status);
    if (!pass_on(wire, FRAME_STDOUT, output)) watched[0].fd = -1;
    if (!pass_on(wire, FRAME_STDERR, error)) watched[1].fd = -1;
  }
  return status;
}

void command_run(int wire, const struct frame* frame) {
  struct command command = parse(frame);
  int output[2], error[2];
  if (pipe2(output, O_CLOEXEC) || pipe2(error, O_CLOEXEC)) die("make", "pipes");
  int input = input_file(&command);
  int signals = watch_children();
  pid_t child = fork();
  if (child < 0) die("fork for", command.arguments[0]);
  if (child == 0) become(&command, input, output[1], error[1]);
  close(output[1]);
  close(error[1]);
  close(input);
  /* only the ends that are read here: the command's own stay as it expects them */
  fcntl(output[0], F_SETFL, O_NONBLOCK);
  fcntl(error[0], F_SETFL, O_NONBLOCK);
  int status = follow(wire, child, output[0], error[0], signals);
  close(output[0]);
  close(error[0]);
  close(signals);
  const uint8_t end[] = {WIFEXITED(status) ? WEXITSTATUS(status) : 0, WIFSIGNALED(status) ? WTERMSIG(status) : 0};
  wire_send(wire, FRAME_END, end, sizeof(end));
  free(command.arguments);
  free(command.environment);
}

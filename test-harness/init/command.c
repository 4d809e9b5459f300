// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

/*
 * A command's frame: a byte that tells whether it has an input; then texts that end with a zero byte: the working
 * folder, the network namespace (empty: the machine's), the cgroup below the machine's (`.`: that one itself), the
 * arguments behind their number, the environment behind its number; the rest is what the command reads on its standard
 * input. The numbers are texts as well.
 */
struct request {
  int has_input;
  const char *folder, *netns, *cgroup;
  char **arguments, **environment;
  const uint8_t* input;
  size_t input_length;
};

struct reader {
  uint8_t *at, *end;
};

/* An empty text where the frame has ended. */
static char* take_text(struct reader* reader) {
  if (reader->at >= reader->end) return "";
  char* text = (char*)reader->at;
  reader->at += strlen(text) + 1;
  return text;
}

/* As many as there are: each takes a byte of the frame at least, whatever number it tells. */
static char** take_texts(struct reader* reader) {
  size_t count = strtoul(take_text(reader), NULL, 10), left = (size_t)(reader->end - reader->at);
  if (reader->at >= reader->end) count = 0;
  if (count > left) count = left;
  char** texts = calloc(count + 1, sizeof(char*));
  if (!texts) die("keep", "a command");
  for (size_t i = 0; i < count && reader->at < reader->end; i++) texts[i] = take_text(reader);
  return texts;
}

static struct request parse(const struct frame* frame) {
  struct reader reader = {frame->payload + 1, frame->payload + frame->length};
  struct request request = {.has_input = frame->payload[0] == 1};
  request.folder = take_text(&reader);
  request.netns = take_text(&reader);
  request.cgroup = take_text(&reader);
  request.arguments = take_texts(&reader);
  request.environment = take_texts(&reader);
  request.input = reader.at;
  request.input_length = reader.at < reader.end ? (size_t)(reader.end - reader.at) : 0;
  return request;
}

/* The ends of three pipes: what the command has and what is kept here. */
struct pipes {
  int own[3];
  int kept[3];
};

static int open_pipe(struct pipes* pipes, int number) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) return -1;
  int is_input = number == 0;
  pipes->own[number] = ends[is_input ? 0 : 1];
  pipes->kept[number] = ends[is_input ? 1 : 0];
  /* only the end that is kept: the command finds its own as it expects them */
  return fcntl(pipes->kept[number], F_SETFL, O_NONBLOCK);
}

static int open_pipes(struct pipes* pipes, int has_input) {
  *pipes = (struct pipes){{-1, -1, -1}, {-1, -1, -1}};
  if (has_input) {
    if (open_pipe(pipes, 0)) return -1;
  } else {
    pipes->own[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (pipes->own[0] < 0) return -1;
  }
  return open_pipe(pipes, 1) || open_pipe(pipes, 2);
}

static void close_all(const int* files) {
  for (int i = 0; i < 3; i++)
    if (files[i] >= 0) close(files[i]);
}

/* 126 and 127 as a shell has them (POSIX, 2.8.2 Exit Status for Commands). */
_Noreturn static void give_up(const char* doing, const char* what) {
  int status = errno == ENOENT && strcmp(doing, "run") == 0 ? 127 : 126;
  dprintf(2, "%s %s: %s\n", doing, what, strerror(errno));
  _exit(status);
}

static void enter_namespaces(const struct request* request, const struct machine* machine) {
  if (machine->cgroup_namespace >= 0 && setns(machine->cgroup_namespace, CLONE_NEWCGROUP))
    give_up("enter", "the cgroup namespace");
  if (*request->netns == 0) return;
  int netns = open(request->netns, O_RDONLY | O_CLOEXEC);
  if (netns < 0 || setns(netns, CLONE_NEWNET)) give_up("enter", request->netns);
}

/* Returns with errno. A path is never handed to a shell when it is no program, as execvp(3) of glibc would. */
static void run(char** arguments) {
  errno = EINVAL;
  if (!arguments[0]) return;
  if (strchr(arguments[0], '/'))
    execv(arguments[0], arguments);
  else
    execvp(arguments[0], arguments);
}

/* In the child: becomes the command. */
_Noreturn static void become(const struct request* request, const struct machine* machine, const int* files) {
  for (int i = 0; i < 3; i++) dup2(files[i], i);
  enter_namespaces(request, machine);
  if (chdir(request->folder)) give_up("enter", request->folder);
  clearenv();
  for (char** entry = request->environment; *entry; entry++) putenv(*entry);
  sigset_t none;
  sigemptyset(&none);
  signal(SIGPIPE, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  run(request->arguments);
  give_up("run", request->arguments[0] ? request->arguments[0] : "nothing");
}

/* A child process in the command's cgroup; -1 and errno where that cannot be. */
static pid_t fork_for(const struct request* request, const struct machine* machine) {
  if (machine->cgroup < 0) return fork_into(-1, 0);
  int cgroup = openat(machine->cgroup, request->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (cgroup < 0) return -1;
  pid_t child = fork_into(cgroup, 0);
  int error = errno;
  close(cgroup);
  errno = error;
  return child;
}

static void tell_failure(int wire, uint32_t id) {
  static const uint8_t end[] = {126, 0};
  char words[128];
  int length = snprintf(words, sizeof(words), "start a process: %s\n", strerror(errno));
  wire_send(wire, FRAME_STDERR, id, words, (size_t)length);
  wire_send(wire, FRAME_EXIT, id, end, sizeof(end));
  wire_send(wire, FRAME_CLOSED, id, NULL, 0);
}

static struct command* keep(struct frame* frame, const struct request* request, pid_t child, const int* kept) {
  struct command* command = calloc(1, sizeof(*command));
  if (!command) die("keep", "a command");
  command->id = frame->command;
  command->process = child;
  command->input = kept[0];
  command->output[0] = kept[1];
  command->output[1] = kept[2];
  command->rest = request->input;
  command->rest_length = request->input_length;
  command->payload = frame->payload;
  frame->payload = NULL;
  return command;
}

struct command* command_start(int wire, struct frame* frame, const struct machine* machine) {
  struct request request = parse(frame);
  struct command* command = NULL;
  struct pipes pipes;
  pid_t child = open_pipes(&pipes, request.has_input) ? -1 : fork_for(&request, machine);
  if (child == 0) become(&request, machine, pipes.own);
  if (child < 0) {
    tell_failure(wire, frame->command);
    close_all(pipes.kept);
  } else {
    const uint32_t process = (uint32_t)child;
    const uint8_t number[] = {process & 0xff, process >> 8 & 0xff, process >> 16 & 0xff, process >> 24};
    wire_send(wire, FRAME_STARTED, frame->command, number, sizeof(number));
    command = keep(frame, &request, child, pipes.kept);
  }
  close_all(pipes.own);
  free(request.arguments);
  free(request.environment);
  return command;
}

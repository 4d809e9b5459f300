// SPDX-License-Identifier: Apache-2.0
// Times processes from before their spawn to after their end. It reads all jobs from stdin, runs them, and writes an
// outcome each to stdout. Jobs of the same batch start at once; batches run one after the other. It does next to
// nothing itself, because what it costs is in every number: posix_spawn(3) shares its memory with the child until exec,
// stdin is filled before the clock starts.
//
// A job: "BATCH PAUSE_MS WORDS VARIABLES STDIN_BYTES\n", the words of its command line and its variables, a NUL after
// each, then its stdin. An outcome: "BEGAN_NS ENDED_NS PROCESSOR_NS SERVER_NS STATUS STDOUT_BYTES\n" (CLOCK_MONOTONIC;
// processor time of the process and those it waited for; that of the server while the job's batch ran and in the pause
// after it; the exit status, or 128 and the signal), its stdout, "\n".
//
// The server is a process that does work for the jobs: its pid is the only argument, or there is none.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct job {
  long batch, pause_ms;
  char** argv;
  char** env;
  const char* input;
  size_t input_size;
  pid_t pid;
  int out;
  int status;
  int64_t began, ended, processor, server;
  struct text {
    char* bytes;
    size_t size, room;
  } output;
};

static void must(int ok, const char* what) {
  if (ok) return;
  perror(what);
  exit(1);
}

static int64_t read_clock(clockid_t clock) {
  struct timespec time;
  must(clock_gettime(clock, &time) == 0, "read clock");
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t now(void) {
  return read_clock(CLOCK_MONOTONIC);
}

static int64_t nanoseconds(struct timeval time) {
  return (int64_t)time.tv_sec * 1000000000 + time.tv_usec * 1000;
}

// Reads what is there, at least a byte; 0 at the end.
static size_t take(int fd, struct text* text) {
  if (text->room - text->size < 4096) {
    text->room = text->room * 2 + 65536;
    text->bytes = realloc(text->bytes, text->room);
    must(text->bytes != NULL, "allocate");
  }
  ssize_t size = read(fd, text->bytes + text->size, text->room - text->size - 1);
  must(size >= 0, "read");
  text->size += (size_t)size;
  return (size_t)size;
}

// ---- the list of jobs ----

static char** strings(char** at, long count) {
  char** list = calloc((size_t)count + 1, sizeof(*list));
  must(list != NULL, "allocate");
  for (long i = 0; i < count; i++) {
    list[i] = *at;
    *at += strlen(*at) + 1;
  }
  return list;
}

static struct job read_job(char** at) {
  struct job job = {.out = -1};
  long words, variables;
  int size = 0;
  int found =
      sscanf(*at, "%ld %ld %ld %ld %zu%n", &job.batch, &job.pause_ms, &words, &variables, &job.input_size, &size);
  errno = EINVAL;
  must(found == 5 && words > 0 && variables >= 0, "read job");
  *at += size + 1;
  job.argv = strings(at, words);
  job.env = strings(at, variables);
  job.input = *at;
  *at += job.input_size;
  return job;
}

static struct job* read_jobs(size_t* count) {
  struct text text = {0};
  while (take(STDIN_FILENO, &text) > 0) continue;
  text.bytes[text.size] = '\0';
  struct job* jobs = NULL;
  for (char* at = text.bytes; at < text.bytes + text.size; (*count)++) {
    jobs = realloc(jobs, (*count + 1) * sizeof(*jobs));
    must(jobs != NULL, "allocate");
    jobs[*count] = read_job(&at);
  }
  return jobs;
}

// ---- running them ----

// A pipe that holds all of the input already: nothing is written while the clock runs.
static int filled(const struct job* job) {
  int ends[2];
  must(pipe2(ends, O_CLOEXEC) == 0, "pipe");
  must(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0, "fcntl");
  must(write(ends[1], job->input, job->input_size) == (ssize_t)job->input_size, "fill stdin");
  close(ends[1]);
  return ends[0];
}

struct plumbing {
  int in, out;
  posix_spawn_file_actions_t actions;
};

static struct plumbing prepare(struct job* job) {
  struct plumbing made;
  int ends[2];
  must(pipe2(ends, O_CLOEXEC) == 0, "pipe");
  job->out = ends[0];
  made.in = filled(job);
  made.out = ends[1];
  posix_spawn_file_actions_init(&made.actions);
  posix_spawn_file_actions_adddup2(&made.actions, made.in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&made.actions, made.out, STDOUT_FILENO);
  return made;
}

static void start(struct job* job, struct plumbing* plumbing) {
  job->began = now();
  errno = posix_spawn(&job->pid, job->argv[0], &plumbing->actions, NULL, job->argv, job->env);
  must(errno == 0, job->argv[0]);
  close(plumbing->in);
  close(plumbing->out);
}

// Its stdout has ended; the process does so at once.
static void finish(struct job* job) {
  int status;
  struct rusage usage;
  must(wait4(job->pid, &status, 0, &usage) == job->pid, "wait");
  job->ended = now();
  job->processor = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
  job->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  close(job->out);
  job->out = -1;
}

static void collect(struct job* jobs, size_t count) {
  struct pollfd* waits = calloc(count, sizeof(*waits));
  must(waits != NULL, "allocate");
  for (size_t open = count; open > 0;) {
    for (size_t i = 0; i < count; i++) waits[i] = (struct pollfd){.fd = jobs[i].out, .events = POLLIN};
    must(poll(waits, count, -1) > 0, "poll");
    for (size_t i = 0; i < count; i++) {
      if (waits[i].revents == 0 || take(jobs[i].out, &jobs[i].output) > 0) continue;
      finish(&jobs[i]);
      open--;
    }
  }
  free(waits);
}

// All processor time of the server so far; 0 without one.
static int64_t server_time(pid_t server) {
  clockid_t clock;
  if (server == 0) return 0;
  errno = clock_getcpuclockid(server, &clock);
  must(errno == 0, "find the server's clock");
  return read_clock(clock);
}

static void run_batch(struct job* jobs, size_t count, pid_t server) {
  struct plumbing* plumbing = calloc(count, sizeof(*plumbing));
  must(plumbing != NULL, "allocate");
  for (size_t i = 0; i < count; i++) plumbing[i] = prepare(&jobs[i]);
  usleep((useconds_t)jobs[0].pause_ms * 1000);
  jobs[0].server = server_time(server);
  for (size_t i = 0; i < count; i++) start(&jobs[i], &plumbing[i]);
  collect(jobs, count);
  for (size_t i = 0; i < count; i++) posix_spawn_file_actions_destroy(&plumbing[i].actions);
  free(plumbing);
}

// From the server's clock at the start of each batch, which its first job has, to what passed until the next one.
static void settle_servers(struct job* jobs, size_t count, int64_t last) {
  for (size_t i = count; i-- > 0;) {
    if (i > 0 && jobs[i - 1].batch == jobs[i].batch) continue;
    const int64_t began = jobs[i].server;
    jobs[i].server = last - began;
    last = began;
  }
}

int main(int argc, char** argv) {
  const pid_t server = argc > 1 ? (pid_t)strtol(argv[1], NULL, 10) : 0;
  size_t count = 0;
  struct job* jobs = read_jobs(&count);
  for (size_t first = 0, next; first < count; first = next) {
    for (next = first + 1; next < count && jobs[next].batch == jobs[first].batch;) next++;
    run_batch(&jobs[first], next - first, server);
  }
  if (count > 0) usleep((useconds_t)jobs[count - 1].pause_ms * 1000);
  settle_servers(jobs, count, server_time(server));
  for (size_t i = 0; i < count; i++) {
    printf("%lld %lld %lld %lld %d %zu\n", (long long)jobs[i].began, (long long)jobs[i].ended,
           (long long)jobs[i].processor, (long long)jobs[i].server, jobs[i].status, jobs[i].output.size);
    fwrite(jobs[i].output.bytes, 1, jobs[i].output.size, stdout);
    putchar('\n');
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// The launcher: what a runtime starts as `axoneme-cni`. It hands the call to the daemon, which has everything warm, and
// becomes the cold executable beside it when the daemon cannot take it. Static, without allocation: its whole life
// costs one process start. The protocol is that of daemon/cni/protocol.ts; why it is so: docs/decisions/0050.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Largest network configuration, as in plugin/process-edge.ts; real ones have some kB.
#define INPUT_MAX (8u * 1024 * 1024)
// Largest answer: a result passes prevResult on, so that it may be as large as the input.
#define ANSWER_MAX (INPUT_MAX + 64u * 1024)
// Largest request, header included: the kernel keeps as much in one piece of a Unix socket's queue.
#define REQUEST_MAX (32u * 1024)

// How far the daemon came with the call.
enum fate {
  // It answered; nothing is left to do.
  FATE_ANSWERED,
  // It has not begun, and never will.
  FATE_NOT_TAKEN,
  // It began, and ended before it answered.
  FATE_LOST,
  // It began, and does not answer.
  FATE_SILENT,
};

// How long the daemon is waited for, in milliseconds since the launcher's start.
struct patience {
  const char* command;
  // while it shows no sign of life: until it takes the call, and until it answers
  int taken_ms;
  int answered_ms;
  // while it lives: until it answers, and until it has started
  int alive_ms;
  int started_ms;
  // The answer may be one that the daemon has published.
  bool may_be_published;
};

// What can be seen of the daemon without its help, by its lock and its heartbeat (conf/heartbeat.ts).
enum liveness {
  // No process holds the lock.
  LIVENESS_AWAY,
  // It starts or ends, and takes no calls.
  LIVENESS_STARTING,
  LIVENESS_SERVING,
  // It lives, and has made no progress for long.
  LIVENESS_HUNG,
};

// The pod's side of the call: descriptors that are opened inside its namespace, so that the daemon need not enter it
// and need not see its path. -1 where there is none.
struct pod {
  int netns;
  // an rtnetlink socket that lives in the namespace
  int route;
  // /proc/sys/net/ipv6/conf as the namespace has it
  int sysctl;
};

// clock.c
void clock_start(void);
int clock_ms(void);
long long monotonic_ms(void);
const struct patience* patience_of(const char* command);

// bytes.c
bool name_file(char* path, size_t room, const char* name);
bool write_all(int fd, const void* data, size_t size);
bool wait_readable(int fd, int until_ms);

// input.c: all of stdin in a sealed memfd, or -1 when it cannot be read: then nothing was taken from it.
int take_input(void);

// liveness.c
enum liveness look_at_daemon(void);

// published.c
bool is_published(const char* environment, size_t environment_size, int input);

// pod.c
void open_pod(const char* path, struct pod* pod);

// daemon.c: `status` is the exit status when the fate is FATE_ANSWERED.
enum fate ask_daemon(char** environment, int input, const struct pod* pod, const struct patience* patience,
                     int* status);

// cold.c
_Noreturn void run_cold(char** environment, int input, enum fate fate);
_Noreturn void give_up(const char* what, const char* subject);

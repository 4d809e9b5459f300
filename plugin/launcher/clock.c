// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <time.h>

#include "launcher.h"

// A daemon that is away must cost an ADD less than 2 s and a STATUS less than 0.2 s, the cold executable included,
// which is told how much of the time is gone. One that lives is waited for as long as plugin/handlers.ts says; for
// STATUS, what it last published is the better answer after a second.
#define ALIVE_MS 110000

static const struct patience limits[] = {
    {"ADD", 1200, 10000, ALIVE_MS, ALIVE_MS, false},
    {"CHECK", 1200, 10000, ALIVE_MS, ALIVE_MS, false},
    {"GC", 1200, 60000, ALIVE_MS, ALIVE_MS, false},
    {"DEL", 500, 1200, ALIVE_MS, ALIVE_MS, false},
    {"STATUS", 50, 100, 1000, 0, true},
    // VERSION, and what is no verb
    {"", 50, 100, 100, 0, false},
};

static long long start_ms;

long long monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void clock_start(void) {
  start_ms = monotonic_ms();
}

// Milliseconds since clock_start.
int clock_ms(void) {
  return (int)(monotonic_ms() - start_ms);
}

const struct patience* patience_of(const char* command) {
  const struct patience* one = limits;
  while (*one->command != '\0' && (command == NULL || strcmp(one->command, command) != 0)) one++;
  return one;
}

// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <time.h>

#include "launcher.h"

// A daemon that hangs must cost an ADD less than 2 s and a STATUS less than 0.2 s, the cold executable included, which
// is told how much of the time is gone. Of an answer that is being made, an ADD, CHECK or GC is more patient: to give
// up would take back what is nearly done.
static const struct patience limits[] = {
    {"ADD", 1200, 10000},
    {"CHECK", 1200, 10000},
    {"GC", 1200, 60000},
    {"DEL", 500, 1200},
    {"STATUS", 50, 100},
    // VERSION, and what is no verb
    {"", 50, 100},
};

static struct timespec start;

void clock_start(void) {
  clock_gettime(CLOCK_MONOTONIC, &start);
}

// Milliseconds since clock_start.
int clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int)((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000);
}

const struct patience* patience_of(const char* command) {
  const struct patience* one = limits;
  while (*one->command != '\0' && (command == NULL || strcmp(one->command, command) != 0)) one++;
  return one;
}

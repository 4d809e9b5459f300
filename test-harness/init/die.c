// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

void die(const char* doing, const char* what) {
  dprintf(2, "axoneme init: %s %s: %s\n", doing, what, strerror(errno));
  _exit(1);
}

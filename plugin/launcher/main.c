// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "launcher.h"

static bool is_call(char** environment) {
  for (char** one = environment; *one != NULL; one++)
    if (strncmp(*one, "CNI_", 4) == 0) return true;
  return false;
}

// A descriptor opened here must never become one of these three.
static bool has_standard_files(void) {
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) < 0) return false;
  return true;
}

int main(int argc, char** argv, char** environment) {
  (void)argc;
  (void)argv;
  clock_start();
  // A runtime that went away shows as a failed write.
  signal(SIGPIPE, SIG_IGN);
  if (!is_call(environment) || !has_standard_files()) run_cold(environment, -1, FATE_NOT_TAKEN);
  int input = take_input();
  if (input < 0) run_cold(environment, -1, FATE_NOT_TAKEN);
  struct pod pod;
  open_pod(getenv("CNI_NETNS"), &pod);
  int status = 1;
  enum fate fate = ask_daemon(environment, input, &pod, patience_of(getenv("CNI_COMMAND")), &status);
  if (fate != FATE_ANSWERED) run_cold(environment, input, fate);
  return status;
}

// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher.h"

#define COLD_NAME "axoneme-cni-cold"
// plugin/warm-start.ts reads them.
#define WAITED "AXONEME_WAITED_MS="
#define FATE "AXONEME_WARM="

// The executable beside this one: the folder, wherever it was installed. Replaced while it runs, the path ends with
// " (deleted)", which is behind the last slash.
static void find_cold(char* path, size_t room) {
  ssize_t size = readlink("/proc/self/exe", path, room - sizeof COLD_NAME);
  if (size < 0) give_up("find the folder of", "axoneme-cni");
  path[size] = '\0';
  char* slash = strrchr(path, '/');
  strcpy(slash == NULL ? path : slash + 1, COLD_NAME);
}

// What would change how Node starts (NODE_OPTIONS, NODE_EXTRA_CA_CERTS: 35 ms) or which libraries it loads belongs to
// the runtime, not to the plugin.
static bool is_kept(const char* variable) {
  static const char* const dropped[] = {"NODE_", "LD_", WAITED, FATE};
  for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
    if (strncmp(variable, dropped[i], strlen(dropped[i])) == 0) return false;
  return true;
}

static char** clean_environment(char** environment, enum fate fate) {
  static char waited[sizeof WAITED + 12];
  static char lost[] = FATE "lost", silent[] = FATE "silent";
  size_t count = 0, kept = 0;
  while (environment[count] != NULL) count++;
  // As large as the kernel let the environment be (execve(2)).
  char** clean = malloc((count + 3) * sizeof *clean);
  if (clean == NULL) give_up("start", COLD_NAME);
  for (size_t i = 0; i < count; i++)
    if (is_kept(environment[i])) clean[kept++] = environment[i];
  snprintf(waited, sizeof waited, WAITED "%d", clock_ms());
  clean[kept++] = waited;
  if (fate == FATE_LOST) clean[kept++] = lost;
  if (fate == FATE_SILENT) clean[kept++] = silent;
  clean[kept] = NULL;
  return clean;
}

_Noreturn void run_cold(char** environment, int input, enum fate fate) {
  static char path[PATH_MAX];
  find_cold(path, sizeof path);
  if (input >= 0 && (lseek(input, 0, SEEK_SET) != 0 || dup2(input, STDIN_FILENO) < 0)) give_up("pass stdin to", path);
  signal(SIGPIPE, SIG_DFL);
  char* const arguments[] = {path, NULL};
  execve(path, arguments, clean_environment(environment, fate));
  give_up("run", path);
}

// The error object that a runtime expects (SPEC section 5, "Error"), code 5: a failed input or output.
_Noreturn void give_up(const char* what, const char* subject) {
  const char* reason = strerror(errno);
  char text[2 * PATH_MAX];
  const char form[] = "{\"cniVersion\":\"1.0.0\",\"code\":5,\"msg\":\"%s %s: %s\"}\n";
  // Only a folder's name could hold what JSON must escape; then no subject is named.
  bool is_plain = strpbrk(subject, "\"\\") == NULL;
  int size = snprintf(text, sizeof text, form, what, is_plain ? subject : COLD_NAME, reason);
  if (size > 0 && (size_t)size < sizeof text) write_all(STDOUT_FILENO, text, (size_t)size);
  fprintf(stderr, "axoneme-cni: %s %s: %s\n", what, subject, reason);
  exit(1);
}

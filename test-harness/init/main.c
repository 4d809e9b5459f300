// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "init.h"

static void talk(int wire, const struct machine* machine) {
  struct utsname name;
  uname(&name);
  signal(SIGPIPE, SIG_IGN);
  wire_send(wire, FRAME_READY, 0, name.release, strlen(name.release));
  serve(wire, machine);
}

_Noreturn static void virtual_machine(void) {
  const struct machine machine = {.cgroup = -1, .cgroup_namespace = -1};
  boot_load_modules();
  boot_mount_root();
  boot_mount_kernel_file_systems();
  boot_bind_modules();
  boot_bring_up_loopback();
  boot_set_limits();
  talk(wire_open_port(), &machine);
  boot_power_off();
}

static void lab_machine(char** arguments) {
  const struct machine machine = lab_enter(arguments);
  talk(LAB_WIRE, &machine);
}

/* The kernel of a virtual machine starts it with whatever its command line ends with. */
int main(int argc, char** argv) {
  const char* task = getpid() != 1 && argc >= 3 ? argv[1] : "";
  if (strcmp(task, "--lab") == 0 && argc == LAB_ARGUMENTS + 2)
    lab_machine(argv + 2);
  else if (strcmp(task, "--add-netns") == 0)
    netns_add(argv[2]);
  else if (strcmp(task, "--remove-netns") == 0)
    netns_remove(argv[2]);
  else if (strcmp(task, "--reap") == 0)
    reap_lab(argv[2]);
  else if (getpid() == 1)
    virtual_machine();
  else
    dprintf(2, "axoneme init: %s is for the harness to start\n", argv[0]);
}

// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "init.h"

void die(const char* doing, const char* what) {
  dprintf(2, "axoneme init: %s %s: %s\n", doing, what, strerror(errno));
  _exit(1);
}

int main(void) {
  boot_load_modules();
  boot_mount_root();
  boot_mount_kernel_file_systems();
  boot_bind_modules();
  boot_bring_up_loopback();
  boot_set_limits();

  int wire = wire_open();
  struct utsname name;
  uname(&name);
  wire_send(wire, FRAME_READY, name.release, strlen(name.release));
  struct frame frame;
  while (wire_receive(wire, &frame)) {
    if (frame.kind == FRAME_COMMAND) command_run(wire, &frame);
    free(frame.payload);
  }
  boot_power_off();
}

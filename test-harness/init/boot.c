// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "init.h"

/* Names the modules of the initramfs, one a line, each after those that it needs. */
static const char module_list[] = "/modules";

static void load_module(const char* path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) die("open", path);
  if (syscall(SYS_finit_module, file, "", 0) && errno != EEXIST) die("load", path);
  close(file);
}

void boot_load_modules(void) {
  char line[256];
  FILE* list = fopen(module_list, "re");
  if (!list) die("open", module_list);
  while (fgets(line, sizeof(line), list)) {
    line[strcspn(line, "\n")] = 0;
    load_module(line);
  }
  fclose(list);
}

void must_mount(const char* source, const char* target, const char* type, unsigned long flags, const char* data) {
  if (mount(source, target, type, flags, data)) die("mount", target);
}

/* For what a kernel may lack, and for what the test does not need. */
static void try_mount(const char* source, const char* target, const char* type, unsigned long flags, const char* data) {
  mkdir(target, 0755);
  (void)mount(source, target, type, flags, data);
}

/* The host's root, which is read-only, below a tmpfs that takes what is written. The initramfs cannot be left by
 * pivot_root(2). */
void boot_mount_root(void) {
  mkdir("/lower", 0755);
  mkdir("/upper", 0755);
  mkdir("/root", 0755);
  must_mount("axoneme", "/lower", "virtiofs", MS_RDONLY, NULL);
  must_mount("tmpfs", "/upper", "tmpfs", 0, "mode=755,size=75%");
  mkdir("/upper/data", 0755);
  mkdir("/upper/work", 0755);
  must_mount("overlay", "/root", "overlay", 0, "lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work");
  if (chdir("/root")) die("enter", "/root");
  must_mount(".", "/", NULL, MS_MOVE, NULL);
  if (chroot(".") || chdir("/")) die("enter", "the root file system");
}

void boot_mount_kernel_file_systems(void) {
  const unsigned long plain = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  must_mount("proc", "/proc", "proc", plain, NULL);
  must_mount("sysfs", "/sys", "sysfs", plain, NULL);
  must_mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=755");
  must_mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
  try_mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=620,ptmxmode=666");
  try_mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
  try_mount("cgroup2", "/sys/fs/cgroup", "cgroup2", plain, "nsdelegate");
  try_mount("bpf", "/sys/fs/bpf", "bpf", plain, "mode=700");
  try_mount("tracefs", "/sys/kernel/tracing", "tracefs", plain, NULL);
  try_mount("debugfs", "/sys/kernel/debug", "debugfs", plain, NULL);
  try_mount("securityfs", "/sys/kernel/security", "securityfs", plain, NULL);
  mkdir("/run/lock", 01777);
  mkdir("/run/netns", 0755);
  /* what udev and systemd see to elsewhere */
  (void)symlink("/proc/self/fd", "/dev/fd");
  (void)symlink("/proc/self/fd/0", "/dev/stdin");
  (void)symlink("/proc/self/fd/1", "/dev/stdout");
  (void)symlink("/proc/self/fd/2", "/dev/stderr");
  must_mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL);
}

/* The kernel's modules, for modprobe(8). The kernel hands `AXONEME_MODULES=...` of its command line on as environment.
 */
void boot_bind_modules(void) {
  const char* folder = getenv("AXONEME_MODULES");
  if (!folder) return;
  struct utsname name;
  uname(&name);
  char target[128];
  snprintf(target, sizeof(target), "/lib/modules/%s", name.release);
  mkdir("/lib/modules", 0755);
  mkdir(target, 0755);
  must_mount(folder, target, NULL, MS_BIND, NULL);
}

void boot_bring_up_loopback(void) {
  struct ifreq request = {.ifr_name = "lo"};
  int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (control < 0 || ioctl(control, SIOCSIFFLAGS, &request)) die("bring up", "lo");
  close(control);
  const char name[] = "vm";
  (void)sethostname(name, sizeof(name) - 1);
}

/* What systemd gives its services; kernels before 5.16 start with 64 KiB of locked memory, which maps were charged to
 * until 5.11. */
void boot_set_limits(void) {
  const struct rlimit files = {.rlim_cur = 1024, .rlim_max = 524288};
  const struct rlimit locked = {.rlim_cur = 8 << 20, .rlim_max = 8 << 20};
  (void)setrlimit(RLIMIT_NOFILE, &files);
  (void)setrlimit(RLIMIT_MEMLOCK, &locked);
}

/* The host starts the machine so that a reboot ends it. There is nothing to write back. */
void boot_power_off(void) {
  reboot(RB_AUTOBOOT);
  die("reboot", "the machine");
}

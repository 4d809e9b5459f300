// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

static void make_folder(const char* path) {
  if (mkdir(path, 0755) && errno != EEXIST) die("make folder", path);
}

static int open_folder(const char* path) {
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) die("open", path);
  return folder;
}

/*
 * What a machine writes to /etc, /var or /opt goes to a tmpfs: configurations, caches and plugins that a test installs
 * never reach the real machine.
 */
static void mount_overlay(const char* name) {
  char target[16], upper[32], work[32], options[128];
  snprintf(target, sizeof(target), "/%s", name);
  if (access(target, F_OK)) return;
  snprintf(upper, sizeof(upper), "/run/%s", name);
  make_folder(upper);
  snprintf(upper, sizeof(upper), "/run/%s/upper", name);
  snprintf(work, sizeof(work), "/run/%s/work", name);
  make_folder(upper);
  make_folder(work);
  snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", target, upper, work);
  must_mount("overlay", target, "overlay", 0, options);
}

/* A sysfs of the machine's own network namespace, with the cgroup mounts carried over, and a bpffs whose pins die with
 * the machine. */
static void mount_sys(const char* cgroup2) {
  static const char cgroups[] = "/sys/fs/cgroup", kept[] = "/run/cgroup";
  int is_hybrid = strcmp(cgroup2, cgroups) != 0;
  make_folder(kept);
  if (is_hybrid) must_mount(cgroups, kept, NULL, MS_BIND | MS_REC, NULL);
  must_mount("sysfs", "/sys", "sysfs", 0, NULL);
  if (is_hybrid) {
    must_mount(kept, cgroups, NULL, MS_BIND | MS_REC, NULL);
    if (umount2(cgroup2, 0)) die("unmount", cgroup2);
  }
  must_mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=700");
}

/* /sys/kernel/rcu_expedited is one switch for the real machine and all labs: a scratch file takes its place. */
static void hide_rcu_switch(void) {
  static const char real[] = "/sys/kernel/rcu_expedited", scratch[] = "/run/rcu_expedited";
  if (access(real, F_OK)) return;
  int file = open(scratch, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0 || write(file, "0\n", 2) != 2) die("write", scratch);
  close(file);
  must_mount(scratch, real, NULL, MS_BIND, NULL);
}

/* The first tmpfs on /run holds what the mounts need; the second, over it, is the machine's /run. */
static void mount_machine(const char* cgroup2, int is_rcu_real) {
  const unsigned long plain = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  must_mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
  must_mount("proc", "/proc", "proc", plain, NULL);
  must_mount("tmpfs", "/run", "tmpfs", 0, "mode=755");
  mount_sys(cgroup2);
  mount_overlay("etc");
  mount_overlay("var");
  mount_overlay("opt");
  if (!is_rcu_real) hide_rcu_switch();
  must_mount("tmpfs", "/run", "tmpfs", 0, "mode=755");
  make_folder("/run/netns");
  make_folder("/run/lock");
  make_folder("/run/mount");
}

/*
 * The cgroup namespace whose root is the machine's cgroup (cgroup_namespaces(7)), and a cgroup2 mount that shows it. A
 * process gets such a namespace only from within the cgroup, where process 1 is not: a child opens it, in the table of
 * descriptors that both share.
 */
static int make_cgroup_namespace(int cgroup, const char* cgroup2) {
  pid_t child = fork_into(cgroup, CLONE_FILES);
  if (child < 0) die("enter", "the machine's cgroup");
  if (child == 0) {
    if (unshare(CLONE_NEWCGROUP)) die("make", "a cgroup namespace");
    must_mount("cgroup2", cgroup2, "cgroup2", 0, NULL);
    int opened = open("/proc/self/ns/cgroup", O_RDONLY | O_CLOEXEC);
    if (opened < 0) die("open", "a cgroup namespace");
    _exit(opened);
  }
  int status;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) die("make", "a cgroup namespace");
  if (WEXITSTATUS(status) <= 2) _exit(1); /* the child has said why */
  return WEXITSTATUS(status);
}

/* Ends when process 1 has ended, which is when all processes of the machine have (pid_namespaces(7)). */
_Noreturn static void wait_for_machine(pid_t process) {
  int status;
  close(LAB_WIRE); /* the end of process 1 must close the wire */
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

/*
 * Process 1 stays in the lab's cgroup, above the machine's: it goes on when the machine is frozen, so that commands of
 * a frozen machine can be killed. Two things end it when the harness dies: PR_SET_PDEATHSIG of both processes, and the
 * end of file on the wire.
 */
struct machine lab_enter(char** arguments) {
  const char *host_name = arguments[0], *cgroup2 = arguments[1], *path = arguments[2];
  char parent[PATH_MAX];
  snprintf(parent, sizeof(parent), "%s/..", path);
  /* descriptors that the harness's process was started with are none of the machine's (kernel 5.9; before, they stay)
   */
  (void)syscall(SYS_close_range, LAB_WIRE + 1, ~0U, 0);
  int cgroup = open_folder(path), lab = open_folder(parent);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  pid_t process = fork_into(lab, CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWPID);
  if (process < 0) die("make", "namespaces");
  if (process > 0) wait_for_machine(process);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  fcntl(LAB_WIRE, F_SETFD, FD_CLOEXEC);
  mode_t mask = umask(022);
  mount_machine(cgroup2, strcmp(arguments[3], "real") == 0);
  umask(mask);
  if (sethostname(host_name, strlen(host_name))) die("set", "the host name");
  close(lab);
  return (struct machine){.cgroup = cgroup, .cgroup_namespace = make_cgroup_namespace(cgroup, cgroup2)};
}

/**
 * The shell program that turns a fresh set of namespaces into a machine. It runs once, as process 1 of the machine's pid namespace,
 * and then becomes `cat`, which ends when the lab's end of the pipe closes; with process 1 every process, mount and namespace of
 * the machine goes.
 *
 * What it builds, in order:
 * - a first tmpfs on /run that holds what the machine may write: upper layers for /etc, /var and /opt (so that
 *   configurations, caches and plugins that a test installs never reach the real machine) and scratch files for kernel-wide settings;
 * - a sysfs that shows the machine's own network namespace, with the cgroup mounts carried over and cgroup2 mounted anew, so that its
 *   root is the machine's own cgroup (cgroup_namespaces(7));
 * - a bpffs: pins live and die with the machine;
 * - a second, empty tmpfs over the first: the machine's /run.
 *
 * SIGCHLD is ignored so that the kernel reaps orphans that land on process 1 (wait(2), NOTES).
 * Arguments: $1 host name, $2 mount point of cgroup2 on the real machine, $3 `real` when /sys/kernel/rcu_expedited is to be the kernel's own.
 */
export const KEEPER_SCRIPT = `
set -eu
umask 022
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/cgroup
if [ "$2" != /sys/fs/cgroup ]; then mount --rbind /sys/fs/cgroup /run/cgroup; fi
mount -t sysfs sysfs /sys
if [ "$2" != /sys/fs/cgroup ]; then mount --rbind /run/cgroup /sys/fs/cgroup; umount "$2"; fi
mount -t cgroup2 cgroup2 "$2"
mount -t bpf -o mode=700 bpf /sys/fs/bpf
for top in etc var opt; do
  [ -d /$top ] || continue
  mkdir -p /run/$top/upper /run/$top/work
  mount -t overlay -o lowerdir=/$top,upperdir=/run/$top/upper,workdir=/run/$top/work overlay /$top
done
if [ "$3" != real ] && [ -e /sys/kernel/rcu_expedited ]; then
  echo 0 > /run/rcu_expedited
  mount --bind /run/rcu_expedited /sys/kernel/rcu_expedited
fi
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/lock /run/mount
echo "$1" > /proc/sys/kernel/hostname
trap '' CHLD
echo ready
exec cat
`;

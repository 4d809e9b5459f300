/**
 * The shell program that becomes QEMU. It runs as process 1 of a pid namespace of its own, in a mount namespace of its own, so that the
 * file server and all else ends with QEMU, and QEMU with whoever called `unshare --kill-child`.
 *
 * - /run becomes a tmpfs that holds the socket between the two, and goes with them. virtiofsd wants to write there as well.
 * - Every mount is made read-only before the guest can reach it; what refuses is taken away. /sys is of no use to the guest.
 * - cache=always: nothing that a guest reads changes below it while it runs; under emulation every question to the host counts.
 *
 * Arguments: $1 virtiofsd, $2 `c` (QEMU's own, until 7.2) or `rust` (virtio-fs/virtiofsd), then QEMU and its arguments.
 */
export const LAUNCH_SCRIPT = `
set -eu
server=$1 kind=$2
shift 2
mount --make-rprivate /
umount --recursive --lazy /sys
targets=$(cut -d ' ' -f 5 /proc/self/mountinfo)
printf '%s\\n' "$targets" | while read -r target; do
  target=$(printf %b "$target")
  mount -o remount,bind,ro "$target" 2>/dev/null || umount --lazy "$target"
done
mount -t tmpfs -o mode=700 tmpfs /run
if [ "$kind" = c ]; then
  "$server" -f --socket-path=/run/share.sock -o source=/,sandbox=chroot,cache=always >&2 &
else
  "$server" --socket-path=/run/share.sock --shared-dir=/ --sandbox=chroot --cache=always >&2 &
fi
tries=0
until [ -S /run/share.sock ]; do
  tries=$((tries + 1))
  [ $tries -lt 500 ] || { echo "$server does not listen" >&2; exit 1; }
  kill -0 $! 2>/dev/null || { echo "$server has ended" >&2; exit 1; }
  sleep 0.01
done
exec "$@"
`;

import { HarnessError } from '../errors.ts';
import type { Machine } from '../lab/machine.ts';
import { type Fault, faultOf } from './fault.ts';

export interface FullDiskOptions {
  /** bytes that can still be written; rounded up to pages (default 0) */
  readonly free?: number;
  /** files that can still be made; unlimited unless given, since a full disk mostly has inodes left */
  readonly freeInodes?: number;
}

/**
 * A tmpfs over the folder with what was in it ($1 folder, $2 free bytes, $3 free inodes or empty), limited to what it holds. tmpfs counts pages of
 * data, so that the limit is exact (tmpfs(5)). Mounting writes nothing to /run/mount (-n): that would count as a leak of the plugin's.
 */
const FILL = `
set -eu
mkdir -p "$1"
mount -n -t tmpfs -o "mode=$(stat -c %a "$1")" axolab-disk /mnt
cp -a "$1/." /mnt/
mount -n --move /mnt "$1"
set -- "$1" "$2" "$3" $(stat -f -c '%S %b %f %c %d' "$1")
page=$4; used=$(($5 - $6)); inodes=$(($7 - $8))
limit=$(((used + ($2 + page - 1) / page) * page))
if [ "$limit" = 0 ]; then limit=$page; dd if=/dev/zero of="$1/.full" bs=$page count=1 2> /dev/null; fi
options="remount,size=$limit"
if [ -n "$3" ]; then options="$options,nr_inodes=$((inodes + $3))"; fi
mount -n -o "$options" "$1"
`;

/** Room again; what was written meanwhile stays, as on a disk that somebody cleaned up. */
const EMPTY = `
set -eu
mount -n -o remount,size=0,nr_inodes=0 "$1"
rm -f "$1/.full"
`;

/**
 * Fills the disk below a folder of a machine: writes there fail with ENOSPC. The folder's content is copied to a file system of its own, which is then
 * limited to its size; lifting the fault takes the limit away and leaves the file system there. Files that are open already stay on the old one, so fill
 * the disk before the daemon starts, or where it opens files anew. An empty folder gets a file `.full`. Not for folders with mounts below them, such as
 * /run. Throws COMMAND_FAILED with mount(8)'s words.
 */
export async function fillDisk(machine: Machine, folder: string, options: FullDiskOptions = {}): Promise<Fault> {
  const { free = 0, freeInodes } = options;
  absolute(folder, 'fill disk');
  await machine.run(['sh', '-c', FILL, 'fill', folder, `${free}`, freeInodes === undefined ? '' : `${freeInodes}`]);
  return faultOf(`fill disk at ${folder} of ${machine.name}`, async () => {
    await machine.run(['sh', '-c', EMPTY, 'empty', folder]);
  });
}

const FREEZE = `
set -eu
mkdir -p "$1"
mount -n --rbind "$1" "$1"
mount -n -o remount,bind,ro "$1"
`;

/**
 * Makes a folder of a machine read-only: writes there fail with EROFS, as after an error of the disk. Files that are open for writing already can still be
 * written. Throws COMMAND_FAILED.
 */
export async function makeReadOnly(machine: Machine, folder: string): Promise<Fault> {
  absolute(folder, 'make read-only');
  await machine.run(['sh', '-c', FREEZE, 'freeze', folder]);
  return faultOf(`make ${folder} of ${machine.name} read-only`, async () => {
    await machine.run(['umount', '-n', '--lazy', folder]);
  });
}

function absolute(folder: string, verb: string): void {
  if (!/^\/.+/.test(folder)) throw new HarnessError('BAD_FAULT', `${verb} ${folder}: not an absolute path below the root`);
}

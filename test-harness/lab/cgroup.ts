import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { HarnessError } from '../errors.ts';

let root: string | undefined;

/**
 * Where cgroup v2 is mounted: `/sys/fs/cgroup` on most machines, `/sys/fs/cgroup/unified` on hybrid ones
 * (proc_pid_mountinfo(5): the type is the first word after the ` - ` separator, the mount point is field 5).
 */
export function cgroup2Root(): string {
  root ??= findCgroup2(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (root === undefined) throw new HarnessError('NO_CGROUP2', 'build a lab: no cgroup2 file system is mounted on this machine');
  return root;
}

export function findCgroup2(mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    if (right.startsWith('cgroup2 ')) return left.split(' ')[4];
  }
  return undefined;
}

/** Makes a child cgroup (and its parents) and returns its path. */
export function makeCgroup(path: string): string {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new HarnessError('CGROUP_REFUSED', `make cgroup ${path}: the lab needs root and a writable cgroup2 mount`, { cause });
  }
  return path;
}

/** Process ids in a cgroup itself (cgroup.procs, cgroups(7)), as seen from the caller's pid namespace. */
export function cgroupPids(path: string): number[] {
  return readFileSync(`${path}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number);
}

/** Lets the processes of a cgroup run on, if it was frozen itself. A cgroup that is gone is fine. */
export function thaw(path: string): void {
  try {
    if (readFileSync(`${path}/cgroup.freeze`, 'utf8') === '1\n') writeFileSync(`${path}/cgroup.freeze`, '0');
  } catch {
    // it ended meanwhile
  }
}

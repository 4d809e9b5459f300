import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cgroup2Root, cgroupPids } from './cgroup.ts';
import { isAlive, labOwner } from './identity.ts';

/** A lab that is on this machine now, seen from outside. */
export interface LabRecord {
  readonly name: string;
  /** the process that built it */
  readonly pid: number;
  /** whether that process still runs; a maker in another pid namespace counts as alive */
  readonly alive: boolean;
  /** command line of the maker; empty when it is gone */
  readonly command: string;
  readonly machines: readonly string[];
  /** processes in the lab, its machines' first ones included */
  readonly processes: number;
  /** when it was built */
  readonly since: Date;
}

/** All labs of this machine, of whatever process. Throws NO_CGROUP2. */
export function listLabs(): LabRecord[] {
  const root = cgroup2Root();
  return readdirSync(root).flatMap((name) => {
    const owner = labOwner(name);
    if (owner === undefined) return [];
    const path = join(root, name);
    const alive = isAlive(owner);
    const command = alive ? commandOf(owner.pid) : '';
    return [{ name, pid: owner.pid, alive, command, machines: foldersOf(path), processes: countProcesses(path), since: builtAt(path) }];
  });
}

/** A lab may go away while it is looked at: then it has no machines. */
function foldersOf(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch {
    return [];
  }
}

function countProcesses(path: string): number {
  const own = attempt(() => cgroupPids(path).length) ?? 0;
  return foldersOf(path).reduce((sum, name) => sum + countProcesses(join(path, name)), own);
}

function builtAt(path: string): Date {
  return attempt(() => statSync(path).ctime) ?? new Date(0);
}

function commandOf(pid: number): string {
  return attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()) ?? '';
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { initProgram } from '../init/program.ts';
import { cgroup2Root } from './cgroup.ts';
import { isAlive, labOwner } from './identity.ts';

/** The only thing of a lab that outlives the process which built it, for as long as it takes to clean up. */
export interface Reaper {
  /** Cleans up now and resolves when it is done. Returns what could not be removed, in words. */
  reap(): Promise<string[]>;
}

/** Starts it; see `test-harness/init/reap.c`. @param cgroup the lab's cgroup; all of its machines' cgroups lie below it */
export function startReaper(cgroup: string): Reaper {
  const child = spawn(initProgram(), ['--reap', cgroup], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env: {}, cwd: '/' });
  child.unref();
  child.stdin.on('error', () => undefined);
  (child.stdin as unknown as { unref(): void }).unref();
  return {
    async reap() {
      child.ref();
      const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      child.stdin.end();
      await exited;
      return existsSync(cgroup) ? [`cgroup ${cgroup}`] : [];
    },
  };
}

/**
 * Removes what labs of dead processes left on this machine: their cgroups, which are empty, because everything else dies with the process.
 * Needed only where a lab and its reaper were killed together. Returns the names of the labs that were swept.
 */
export async function sweep(): Promise<string[]> {
  const root = cgroup2Root();
  const swept: string[] = [];
  for (const name of await readdir(root)) {
    const owner = labOwner(name);
    if (owner === undefined || isAlive(owner)) continue;
    await startReaper(join(root, name)).reap();
    swept.push(name);
  }
  return swept;
}

/** Removes an empty cgroup; one that still has processes stays for the reaper. */
export async function removeCgroup(path: string): Promise<void> {
  await rmdir(path).catch(() => undefined);
}

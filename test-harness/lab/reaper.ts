import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroup2Root } from './cgroup.ts';
import { isAlive, labOwner } from './identity.ts';

/**
 * Waits for the end of its input, which comes when the lab is closed or its process dies in any way, then kills what is left in the
 * lab's cgroup (cgroup.kill, kernel 5.14) and removes the cgroup. Tries for 5 s, because a killed process leaves its cgroup a little later.
 */
const REAPER_SCRIPT = `
trap '' HUP INT TERM
cat > /dev/null
tries=0
while [ -d "$1" ] && [ $tries -lt 100 ]; do
  echo 1 2> /dev/null > "$1/cgroup.kill"
  find "$1" -depth -type d -exec rmdir {} + 2> /dev/null
  [ -d "$1" ] && sleep 0.05
  tries=$((tries + 1))
done
`;

/** The only thing of a lab that outlives the process which built it, for as long as it takes to clean up. */
export interface Reaper {
  /** Cleans up now and resolves when it is done. Returns what could not be removed, in words. */
  reap(): Promise<string[]>;
}

/** @param cgroup the lab's cgroup; all of its machines' cgroups lie below it */
export function startReaper(cgroup: string): Reaper {
  const child = spawn('sh', ['-c', REAPER_SCRIPT, 'reaper', cgroup], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
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

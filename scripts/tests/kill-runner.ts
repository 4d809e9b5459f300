import { readdirSync, readlinkSync } from 'node:fs';
import { parentOf } from '../../test-harness/lab/proc.ts';

function programOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return undefined;
  }
}

/** A process and all that descend from it. */
function treeOf(pid: number): number[] {
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const parents = new Map(all.map((one) => [one, parentOf(one)]));
  const tree = [pid];
  for (const one of tree) tree.push(...all.filter((child) => parents.get(child) === one));
  return tree;
}

/**
 * Kills a runner of tests and the processes below it that are Node's: its workers, and the programs that tests start, which may have laboratories of their
 * own. Other processes are left alone: a laboratory ends when the Node process that built it has gone, and its reaper must live to clean up.
 */
export function killRunner(pid: number): void {
  const node = programOf(pid);
  for (const one of treeOf(pid).filter((other) => programOf(other) === node)) {
    try {
      process.kill(one, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

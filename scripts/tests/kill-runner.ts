import { readdirSync, readFileSync } from 'node:fs';

/** The process that started another one; undefined when that has gone. */
function parentOf(pid: string): number | undefined {
  try {
    // `pid (name) state parent ...`, and a name may hold spaces and parentheses
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

/**
 * Kills a runner of tests and the processes that it started itself, in which its tests run. What those have started is not touched: a laboratory ends by
 * itself when its test process has gone, and its reaper must live to clean up.
 */
export function killRunner(pid: number): void {
  const workers = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === pid);
  for (const one of [pid, ...workers.map(Number)]) {
    try {
      process.kill(one, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

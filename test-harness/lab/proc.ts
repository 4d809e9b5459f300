import { readFileSync, readlinkSync } from 'node:fs';

/**
 * One field of proc_pid_stat(5), counted from 3 as the page does from the state on. The second field is the command in parentheses and
 * may itself hold spaces and parentheses, so counting begins behind the last one. Undefined when there is no such process.
 */
function statField(pid: number, field: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[field - 3];
  } catch {
    return undefined;
  }
}

/** Clock ticks after boot at which a process started; together with the pid it names a process for ever. */
export function startTimeOf(pid: number): string | undefined {
  return statField(pid, 22);
}

/** The pid of a process's parent. */
export function parentOf(pid: number): number | undefined {
  const parent = statField(pid, 4);
  return parent === undefined ? undefined : Number(parent);
}

/** The number of a process in the pid namespace below the caller's, that of a lab's machine (NSpid of proc_pid_status(5)). */
export function pidInMachine(pid: number): number | undefined {
  try {
    const [, number] = /^NSpid:\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return number === undefined ? undefined : Number(number);
  } catch {
    return undefined; // it ended meanwhile
  }
}

/** Inode of the caller's pid namespace (namespaces(7)): pids mean nothing outside it. */
export function pidNamespace(): string {
  return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
}

/** Sends a signal. False for a process that has ended. */
export function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

import { readFileSync } from 'node:fs';

/** Resident memory of a process in MB (10^6 bytes): VmRSS of proc_pid_status(5). */
export function residentMegabytes(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (!match) throw new Error(`read memory of process ${pid}: no VmRSS`);
  return (Number(match[1]) * 1024) / 1e6;
}

/** USER_HZ (times(2)): the unit of times in /proc, 100 a second on every Linux. */
const TICK_MS = 10;

/** Processor time of a process and its threads so far, in milliseconds: utime and stime of proc_pid_stat(5), to 10 ms. */
export function processorMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // the name of the command, field 2, may have spaces and ends with the last parenthesis
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** The pid that a process has in its own pid namespace: NSpid of proc_pid_status(5). */
export function pidInside(pid: number): number {
  const pids = /NSpid:\s+(.+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.split(/\s+/) ?? [];
  return Number(pids.at(-1) ?? pid);
}

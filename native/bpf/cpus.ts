import { readFileSync } from 'node:fs';

/** Counts a CPU list as in /sys/devices/system/cpu/possible (Documentation/admin-guide/cputopology.rst): '0-3,8' is 9, the kernel's size. */
export function countCpus(list: string): number {
  const last = /(\d+)\s*$/.exec(list)?.[1];
  if (last === undefined) throw new RangeError(`read possible processors: unexpected '${list}'`);
  return Number(last) + 1;
}

let possible: number | undefined;

/** Number of possible processors: a per-CPU map has one value for each. Does not change while the machine runs. */
export function possibleCpus(): number {
  possible ??= countCpus(readFileSync('/sys/devices/system/cpu/possible', 'utf8'));
  return possible;
}

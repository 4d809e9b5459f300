import { availableParallelism, freemem } from 'node:os';
import type { Counts } from '../tests/counts.ts';
import { runLevel } from '../tests/level.ts';
import { runCell } from './cell.ts';
import { cells } from './matrix.ts';
import type { Wish } from './wish.ts';

/** Bytes of memory that a machine and its caches may take. */
const MACHINE = 4 * 2 ** 30;

/** A machine has two processors, but its tests wait for most of the time: one per processor of the host keeps that busy. */
function places(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / MACHINE), 4));
}

/** Calls `signal` off when the process is told to end: the machines go, and the process with them. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

/** Runs the harness's own tests of virtual machines, then the cells that are wished for, some at a time. Returns their counts by name. */
export async function runMatrix({ kernels, suites }: Pick<Wish, 'kernels' | 'suites'> = {}): Promise<Record<string, Counts>> {
  const results: Record<string, Counts> = {};
  if (kernels === undefined && suites === undefined) {
    process.stdout.write('\nvm\n');
    results['vm'] = await runLevel('vm', []);
  }
  const signal = interruption();
  const waiting = cells(kernels, suites);
  process.stdout.write(`\nkernels: ${waiting.map(({ kernel, suite }) => `${kernel} ${suite}`).join(', ')}\n`);
  for (const { kernel, suite } of waiting) results[`${kernel} ${suite}`] = { passed: 0, failed: 1, skipped: 0 };
  const place = async () => {
    for (let cell = waiting.shift(); cell !== undefined && !signal.aborted; cell = waiting.shift())
      results[`${cell.kernel} ${cell.suite}`] = await runCell(cell, signal);
  };
  await Promise.all(Array.from({ length: places() }, place));
  return results;
}

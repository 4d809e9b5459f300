import { availableParallelism, freemem } from 'node:os';
import { type Budget, estimateOf } from '../tests/budget.ts';
import { type Counts, none } from '../tests/counts.ts';
import { runWithin } from '../tests/level.ts';
import { runCell } from './cell.ts';
import { type Cell, cells, isDivisible, nameOf } from './matrix.ts';
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

/**
 * Runs the harness's own tests of virtual machines, then the cells that are wished for, some at a time. What does not fit into the budget is skipped.
 * Returns their counts by name.
 */
export async function runMatrix({ kernels, suites }: Pick<Wish, 'kernels' | 'suites'>, budget: Budget): Promise<Record<string, Counts>> {
  const results: Record<string, Counts> = {};
  if (kernels === undefined && suites === undefined) {
    process.stdout.write('\nvm\n');
    results['vm'] = (await runWithin(budget, 'vm', [])).counts;
  }
  const signal = interruption();
  const waiting = cells(kernels, suites);
  process.stdout.write(`\nkernels: ${waiting.map(nameOf).join(', ')}\n`);
  for (const cell of waiting) results[nameOf(cell)] = { ...none, failed: 1 };
  const place = async () => {
    for (let cell = waiting.shift(); cell !== undefined && !signal.aborted; cell = waiting.shift())
      results[nameOf(cell)] = await runCellWithin(budget, cell, signal);
  };
  await Promise.all(Array.from({ length: places() }, place));
  return results;
}

async function runCellWithin(budget: Budget, cell: Cell, signal: AbortSignal): Promise<Counts> {
  const name = nameOf(cell);
  const skipReason = budget.reasonToSkip(name, isDivisible(cell));
  if (skipReason !== undefined) {
    process.stdout.write(`  skipped: ${name}: ${skipReason}\n`);
    return { ...none, skipped: estimateOf(name).tests, skipReason };
  }
  const began = performance.now();
  const counts = await runCell(cell, signal, budget);
  if (counts.skipReason === undefined && counts.passed > 0) budget.measured(name, counts, (performance.now() - began) / 1000);
  return counts;
}

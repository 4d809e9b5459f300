import { setFlagsFromString } from 'node:v8';
import { keepMallocSmall, releaseExecutable, trimMalloc } from '../native/index.ts';

/**
 * Flags of V8 that trade speed, which a daemon of a few calls per second does not need, for memory, which every node would pay. Measured with
 * 100 pods (resident, Node 24.21): 98 MB without, 87 MB with a young generation that stays at its first size, 81 MB when the optimising
 * compiler, whose code alone is 6 MB, never runs. With the last one some 2 MB of garbage are collected at a time, and not 5.
 */
export const memoryFlags = ['--semi-space-growth-factor=1', '--optimize-for-size', '--no-opt', '--heap-growing-percent=5'] as const;

/** How long after its start a daemon is tidied, in milliseconds: pods that waited for it come first. */
const TIDY_MS = 1000;

/** Sets what keeps the process small; to be called before anything else allocates. */
export function keepMemorySmall(): void {
  for (const flag of memoryFlags) setFlagsFromString(flag);
  keepMallocSmall();
}

/**
 * Once, a second from now: collects what the start has left behind and gives it back to the kernel, 4 MB for 20 ms of work. V8 sizes its
 * heap by the collection before, and left alone it would come by its first one after a thousand pods. That needs a Node with `--expose-gc`, with
 * which the executable is built. Then the pages of the executable that only the start has used go as well, 40 MB of which some 15 come back.
 */
export function tidyMemorySoon(): void {
  setTimeout(tidy, TIDY_MS).unref();
}

function tidy(): void {
  (globalThis as { gc?: (options: object) => void }).gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  trimMalloc();
  releaseExecutable();
}

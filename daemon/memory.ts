import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { keepMallocSmall, releaseExecutable, trimMalloc } from '../native/index.ts';

/**
 * Flags of V8 that trade speed, which a daemon of a few calls per second does not need, for memory, which every node would pay. Measured with
 * 100 pods (resident, Node 24.21): 98 MB without, 87 MB with a young generation that stays at its first size, 81 MB when the optimising
 * compiler, whose code alone is 6 MB, never runs.
 */
export const memoryFlags = ['--semi-space-growth-factor=1', '--optimize-for-size', '--no-opt', '--heap-growing-percent=5'] as const;

/** How long after its start a daemon is tidied, in milliseconds: pods that waited for it come first. */
const TIDY_MS = 1000;

/** Pause between two looks at the heap, in milliseconds. */
const LOOK_MS = 10_000;

/** Bytes by which the heap may grow over what the last collection left before the next: what some 200 pods leave that come and go. */
const SLACK = 2 * 2 ** 20;

/** Sets what keeps the process small; to be called before anything else allocates. */
export function keepMemorySmall(): void {
  for (const flag of memoryFlags) setFlagsFromString(flag);
  keepMallocSmall();
}

/**
 * A second from now: collects what the start has left behind and gives it back to the kernel, 4 MB for 20 ms of work, and the pages of the
 * executable that only the start has used, 40 MB of which some 15 come back. From then on the heap is collected when it has grown by
 * {@link SLACK}; V8 alone lets it grow by 8 MB. Collecting needs a Node with `--expose-gc`, with which the executable is built.
 */
export function tidyMemorySoon(): void {
  const start = () => {
    collect('last-resort');
    releaseExecutable();
    watchHeap(usedHeap());
  };
  setTimeout(start, TIDY_MS).unref();
}

function watchHeap(left: number): void {
  const look = () => {
    const isGrown = usedHeap() > left + SLACK;
    if (isGrown) collect('regular');
    watchHeap(isGrown ? usedHeap() : left);
  };
  setTimeout(look, LOOK_MS).unref();
}

function collect(flavor: 'regular' | 'last-resort'): void {
  (globalThis as { gc?: (options: object) => void }).gc?.({ type: 'major', execution: 'sync', flavor });
  trimMalloc();
}

function usedHeap(): number {
  return getHeapStatistics().used_heap_size;
}

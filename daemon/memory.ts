import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { keepMallocSmall, releaseExecutable, trimMalloc } from '../native/index.ts';

/**
 * Flags of V8 that trade a little speed for memory, which every node would pay: a young generation that stays at its first size (11 MB with 100
 * pods), some 2 MB of garbage collected at a time, and not 5, and no second collection eight seconds after one (docs/decisions/0073). The compilers
 * stay on: without them an ADD costs a quarter more (docs/decisions/0059-release-of-start-up-memory.md).
 */
export const memoryFlags = ['--semi-space-growth-factor=1', '--heap-growing-percent=5', '--memory-reducer-gc-count=0'] as const;

/** How long after its start a daemon is tidied, in milliseconds: pods that waited for it come first. */
const TIDY_MS = 1000;

/** Pause between two looks at the heap, in milliseconds. */
const LOOK_MS = 1000;

/** Share of the time between two looks in which a calm daemon works, at most: three ADDs'. A collection meets none of them, most likely. */
const CALM = 0.01;

/** Bytes by which the heap may grow over what the last collection left before the next: what some 200 pods leave that come and go. */
const SLACK = { calm: 2 * 2 ** 20, busy: 4 * 2 ** 20 } as const;

/** Sets what keeps the process small; to be called before anything else allocates. */
export function keepMemorySmall(): void {
  for (const flag of memoryFlags) setFlagsFromString(flag);
  keepMallocSmall();
}

/**
 * A second from now: collects what the start has left behind and gives it back to the kernel, 4 MB for 20 ms of work, and the pages of the
 * executable that only the start has used, 40 MB of which some 15 come back. From then on the heap is collected when it has grown by
 * {@link SLACK}, sooner where no call would wait for it; V8 alone lets it grow by 8 MB.
 */
export function tidyMemorySoon(): void {
  const start = () => {
    const collect = collector();
    collect('last-resort');
    releaseExecutable();
    watchHeap(usedHeap(), eventLoopUtilization(), collect);
  };
  setTimeout(start, TIDY_MS).unref();
}

const eventLoopUtilization = performance.eventLoopUtilization.bind(performance);

type Collect = (flavor: 'regular' | 'last-resort') => void;

function watchHeap(left: number, before: EventLoopUtilization, collect: Collect): void {
  const look = () => {
    const now = eventLoopUtilization();
    const isCalm = eventLoopUtilization(now, before).utilization < CALM;
    const isGrown = usedHeap() > left + (isCalm ? SLACK.calm : SLACK.busy);
    if (isGrown) collect('regular');
    watchHeap(isGrown ? usedHeap() : left, now, collect);
  };
  setTimeout(look, LOOK_MS).unref();
}

/**
 * V8's own `gc`, which it gives to contexts that are made while the flag is set. On the command line the flag would cost every start: flags are part of
 * a code cache's key, and Node's own modules would all be compiled anew.
 */
function collector(): Collect {
  setFlagsFromString('--expose-gc');
  const gc: (options: object) => void = runInNewContext('globalThis.gc ?? (() => undefined)');
  setFlagsFromString('--no-expose-gc');
  return (flavor) => {
    gc({ type: 'major', execution: 'sync', flavor });
    trimMalloc();
  };
}

function usedHeap(): number {
  return getHeapStatistics().used_heap_size;
}

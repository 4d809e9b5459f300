import { bpf } from '../binding.ts';
import { calling } from '../errors.ts';
import type { Fd } from '../fd.ts';

/** Keeps the latest records of a BPF_MAP_TYPE_RINGBUF map in memory. */
export interface RingRecorder {
  /** Records since the start, also those that are no longer held. */
  readonly seen: number;
  /** The records that are held, oldest first; copies. */
  recent(): Uint8Array[];
  /** Stops the thread and forgets the records. Records that are still in the buffer stay there for the next reader. */
  close(): void;
}

/**
 * Reads the ring buffer on a thread of its own, without any work for the event loop, and keeps the last `capacity` records. A record is held some 50
 * milliseconds after it was written, at the latest. Records lost because the buffer was full never arrive here: the program must count them. One reader per
 * map. Does not keep the process alive. Throws SyscallError: EINVAL for another map type.
 */
export function recordRingBuffer(map: Fd, capacity: number): RingRecorder {
  const handle = calling(`record ring buffer ${map.what}`, () => bpf().ringRecorderOpen(map.use(), capacity));
  let last: number | undefined;
  return {
    get seen() {
      return last ?? bpf().ringRecorderSeen(handle);
    },
    recent: () => (last === undefined ? bpf().ringRecorderRecent(handle) : []),
    close() {
      if (last !== undefined) return;
      last = bpf().ringRecorderSeen(handle);
      bpf().ringRecorderClose(handle);
    },
  };
}

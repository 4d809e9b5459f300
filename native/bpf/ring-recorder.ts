import { bpf } from '../binding.ts';
import { calling } from '../errors.ts';
import type { Fd } from '../fd.ts';

/** What a subscriber reads in one go. */
export interface RecordsRead {
  /** Oldest first; copies. */
  readonly records: readonly Uint8Array[];
  /** Where the next read starts. */
  readonly next: number;
  /** Records that the subscriber missed, because newer ones had taken their place before it read them. */
  readonly lost: number;
}

/** Keeps the latest records of a BPF_MAP_TYPE_RINGBUF map in memory. Records are numbered from 0 since the start. */
export interface RingRecorder {
  /** Records since the start, also those that are no longer held: the number of the next one. */
  readonly seen: number;
  /**
   * Records from number `from` on, at most `limit` (default: all that are held). A subscriber starts with `seen` for what is to come, or 0 for all that is
   * held, and goes on with `next`; each subscriber has its own position. Throws RangeError when `from` is no number that was given out.
   */
  read(from: number, limit?: number): RecordsRead;
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
    read(from, limit = capacity) {
      const end = last ?? bpf().ringRecorderSeen(handle);
      if (!(Number.isInteger(from) && from >= 0 && from <= end)) throw new RangeError(`read record ${from}: there are ${end}`);
      if (last !== undefined) return { records: [], next: last, lost: last - from };
      const { first, records } = bpf().ringRecorderRead(handle, from, limit);
      return { records, next: first + records.length, lost: first - from };
    },
    close() {
      if (last !== undefined) return;
      last = bpf().ringRecorderSeen(handle);
      bpf().ringRecorderClose(handle);
    },
  };
}

import { bpf } from '../binding.ts';
import { calling } from '../errors.ts';
import type { Fd } from '../fd.ts';

/** A reader of a BPF_MAP_TYPE_RINGBUF map. */
export interface RingBufferReader {
  /** Stops; no record is delivered after it. Records that are still in the buffer stay there for the next reader. */
  close(): void;
  /** Delivers what is there now instead of on the next turn of the event loop; returns the number of records. */
  consume(): number;
  /** Keeps the process alive. */
  ref(): void;
  /** Lets the process end although the reader runs (the default). */
  unref(): void;
}

/**
 * Calls `onRecord` from the event loop for each record, in order, at most 512 per turn; the bytes are the record's own copy. Records lost
 * because the buffer was full never arrive here: the program must count them. One reader per map. Throws SyscallError: EINVAL for another map type.
 */
export function openRingBuffer(map: Fd, onRecord: (record: Uint8Array) => void): RingBufferReader {
  let open = true;
  const deliver = (records: readonly Uint8Array[]) => {
    for (const record of records) if (open) onRecord(record);
    return records.length;
  };
  const handle = calling(`open ring buffer ${map.what}`, () => bpf().ringBufferOpen(map.use(), deliver));
  bpf().ringBufferRef(handle, false);
  return {
    close() {
      if (open) bpf().ringBufferClose(handle);
      open = false;
    },
    consume: () => (open ? deliver(bpf().ringBufferConsume(handle)) : 0),
    ref() {
      if (open) bpf().ringBufferRef(handle, true);
    },
    unref() {
      if (open) bpf().ringBufferRef(handle, false);
    },
  };
}

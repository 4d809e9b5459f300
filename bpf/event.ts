import { eventVersion, type PacketEvent, packetEvent } from './layout.generated.ts';

/** Offset of `version` and of `size` in the header, which is the same for every version (lib/events.h). */
const [VERSION, SIZE] = [0, 2];

/**
 * Reads a record of axo_events. Its `capture` has the captured bytes alone. Throws RangeError for a record of another version, or one whose length is
 * not what its header says.
 */
export function decodeEvent(record: Uint8Array): PacketEvent {
  if (record[VERSION] !== eventVersion.CURRENT) {
    throw new RangeError(`read event: its version is ${record[VERSION]}, not ${eventVersion.CURRENT}`);
  }
  const whole = new Uint8Array(packetEvent.size);
  whole.set(record.subarray(0, packetEvent.size));
  const event = packetEvent.decode(whole);
  const size = new DataView(record.buffer, record.byteOffset, record.byteLength).getUint16(SIZE, true);
  if (size !== record.length) throw new RangeError(`read event: it has ${record.length} bytes, its header says ${size}`);
  return { ...event, capture: event.capture.subarray(0, event.captureLength) };
}

import { expect, it } from 'vitest';
import { decodeEvent } from './event.ts';
import { eventType, eventVersion, packetEvent } from './layout.generated.ts';

const numbers = { cpu: 0, reason: 8, point: 0, file: 1, line: 2, direction: 2, family: 2, ifindex: 1, length: 300 };
const ends = { sourceIdentity: 5, destinationIdentity: 2, sourceId: 1, destinationId: 0 };

/** A record with this many bytes of frame. */
function record(captureLength: number, changes: Partial<Record<'version' | 'size', number>> = {}): Uint8Array {
  const size = packetEvent.size - 128 + captureLength;
  const head = { version: eventVersion.CURRENT, type: eventType.DROP, size, time: 7n, ...changes };
  const capture = new Uint8Array(128).fill(9);
  return packetEvent.encode({ ...head, ...numbers, ...ends, captureLength, capture }).slice(0, size);
}

it('an event has the bytes of the frame that its record has', () => {
  expect(decodeEvent(record(60))).toMatchObject({ ...numbers, ...ends, time: 7n, captureLength: 60, capture: new Uint8Array(60).fill(9) });
  expect(decodeEvent(record(0)).capture).toHaveLength(0);
  expect(decodeEvent(record(128)).capture).toHaveLength(128);
});

it('a record of another version, or of another length than it says, is refused', () => {
  const other = eventVersion.CURRENT + 1;
  expect(() => decodeEvent(record(60, { version: other }))).toThrow(`read event: its version is ${other}, not ${eventVersion.CURRENT}`);
  expect(() => decodeEvent(record(60, { size: 99 }))).toThrow('read event: it has 108 bytes, its header says 99');
  expect(() => decodeEvent(record(60).subarray(0, 20))).toThrow('read event: it has 20 bytes, its header says 108');
});

import { expect, it } from 'vitest';
import { EventLog } from './events.ts';

it('keeps the latest events in order and counts all', () => {
  const log = new EventLog(3);
  expect(log.recent()).toEqual([]);
  for (const byte of [1, 2, 3, 4, 5]) log.add(Uint8Array.of(byte));
  expect(log.recent().map(([byte]) => byte)).toEqual([3, 4, 5]);
  expect(log.seen).toBe(5);
});

import { expect, test } from 'vitest';
import { deleteRecordName, parseDeleteRecord } from './delete-record.ts';

test('reads a record and refuses what it does not know', () => {
  const record = { version: 1, containerId: 'c1', ifname: 'eth0', queuedAt: '2026-01-01T00:00:00.000Z' };
  expect(parseDeleteRecord(record)).toEqual(record);
  const exact = { ...record, queuedOn: { bootId: 'b', us: 5 } };
  expect(parseDeleteRecord(exact)).toEqual(exact);
  expect(() => parseDeleteRecord({ ...record, queuedOn: { bootId: 'b' } })).toThrow('read delete record.queuedOn.us: is missing');
  expect(() => parseDeleteRecord({ ...record, version: 2 })).toThrow('read delete record.version: 2 is not a layout');
  expect(() => parseDeleteRecord({ ...record, ifname: 5 })).toThrow('read delete record.ifname');
});

test('names the file after the attachment', () => {
  expect(deleteRecordName({ containerId: 'c1', ifname: 'eth0' })).toBe('lxc18b8fe0ca3.json');
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseDeleteRecord } from '../conf/delete-record.ts';
import { DeleteFolder } from './delete-queue.ts';

const key = { containerId: 'c1', ifname: 'eth0' };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'axo-queue-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

test('leaves one whole record per attachment, for root only', () => {
  const queue = new DeleteFolder(join(folder, 'queue'));
  queue.put(key);
  queue.put(key);
  const names = readdirSync(join(folder, 'queue'));
  expect(names).toEqual(['lxc18b8fe0ca3.json']);
  const path = join(folder, 'queue', 'lxc18b8fe0ca3.json');
  expect(parseDeleteRecord(JSON.parse(readFileSync(path, 'utf8')))).toMatchObject(key);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('lists what was queued in its order, though the clock was set back in between', () => {
  const queue = new DeleteFolder(folder);
  vi.useFakeTimers({ toFake: ['Date'] });
  for (const [containerId, year] of [
    ['first', 2031],
    ['second', 2030],
  ] as const) {
    vi.setSystemTime(new Date(`${year}-01-01`));
    queue.put({ containerId, ifname: 'eth0' });
  }
  vi.useRealTimers();
  expect(queue.list().map(({ containerId }) => containerId)).toEqual(['first', 'second']);
});

test('withdraws a record, or none', () => {
  const queue = new DeleteFolder(folder);
  queue.put(key);
  queue.remove(key);
  queue.remove(key);
  new DeleteFolder(join(folder, 'never-made')).remove(key);
  expect(readdirSync(folder)).toEqual([]);
});

test('says which file it could not write, and leaves no half of one', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => new DeleteFolder(join(folder, 'file')).put(key)).toThrow(`write delete record ${folder}/file/lxc18b8fe0ca3.json`);
  expect(readdirSync(folder)).toEqual(['file']);
});

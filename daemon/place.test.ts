import { mkdtempSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeAll } from './files.ts';
import { placeFile, removePlaced } from './place.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'place-'));
  path = join(folder, 'bin', 'plugin');
});
afterEach(() => removeAll(folder));

it('makes folder and file, with its mode, and leaves the same file alone', () => {
  expect(placeFile(path, { text: 'one' }, 0o755)).toBe('placed');
  expect(statSync(path).mode & 0o777).toBe(0o755);
  const { ino } = statSync(path);
  expect(placeFile(path, { text: 'one' }, 0o755)).toBe('unchanged');
  expect(statSync(path).ino).toBe(ino);
});

it.each([
  ['text', 'two', 0o755],
  ['length', 'one!', 0o755],
  ['mode', 'one', 0o644],
])('replaces a file of another %s by a new one', (_, text, mode) => {
  placeFile(path, { text: 'one' }, 0o755);
  const { ino } = statSync(path);
  expect(placeFile(path, { text }, mode)).toBe('placed');
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual([text, mode]);
  expect(statSync(path).ino).not.toBe(ino);
});

it('copies a file of several chunks, and sees a difference in the last one', () => {
  const source = join(folder, 'source');
  const bytes = Buffer.alloc(2 * 1024 * 1024 + 7, 'x');
  writeFileSync(source, bytes);
  placeFile(path, { copyOf: source }, 0o755);
  expect(readFileSync(path).equals(bytes)).toBe(true);
  expect(placeFile(path, { copyOf: source }, 0o755)).toBe('unchanged');
  writeFileSync(source, Buffer.concat([bytes.subarray(0, -1), Buffer.from('y')]));
  expect(placeFile(path, { copyOf: source }, 0o755)).toBe('placed');
});

it('leaves the old file and nothing else when the new one cannot be written', () => {
  placeFile(path, { text: 'old' }, 0o644);
  expect(() => placeFile(path, { copyOf: folder }, 0o644)).toThrow();
  expect([readFileSync(path, 'utf8'), readdirSync(join(folder, 'bin'))]).toEqual(['old', ['plugin']]);
});

it('removes what a killed writer left, and not what another one writes now', () => {
  placeFile(path, { text: 'old' }, 0o644);
  const [stale, fresh] = ['.plugin.00000000.axoneme-new', '.plugin.11111111.axoneme-new'] as const;
  for (const name of [stale, fresh]) writeFileSync(join(folder, 'bin', name), '');
  utimesSync(join(folder, 'bin', stale), 1, 1);
  placeFile(path, { text: 'new' }, 0o644);
  expect(readdirSync(join(folder, 'bin')).sort()).toEqual([fresh, 'plugin']);
});

it('tells whether there was something to remove', () => {
  placeFile(path, { text: 'old' }, 0o644);
  expect([removePlaced(path), removePlaced(path)]).toEqual([true, false]);
});

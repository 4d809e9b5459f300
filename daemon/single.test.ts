import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeAll } from './files.ts';
import { requireSingle } from './single.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'single-'));
  path = join(folder, 'axoneme.sock');
});
afterEach(() => removeAll(folder));

it('replaces the socket file of a killed daemon', async () => {
  writeFileSync(path, '');
  const lock = await requireSingle(path);
  expect(existsSync(path)).toBe(false);
  lock.release();
});

it('refuses a second daemon of one root, also before the first one listens', async () => {
  const lock = await requireSingle(path);
  await expect(requireSingle(path)).rejects.toThrow(`another one serves ${path}`);
  lock.release();
  (await requireSingle(path)).release();
});

it('refuses where somebody listens who holds no lock here', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(path, resolve));
  await expect(requireSingle(path)).rejects.toThrow('another one serves');
  await new Promise((resolve) => other.close(resolve));
});

import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RunFolder } from './run-folder.ts';

let runDir: string;
let lock: string;
let socket: string;
let folder: RunFolder;
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), 'run-folder-'));
  [lock, socket] = ['daemon.lock', 'cni.sock'].map((name) => join(runDir, name)) as [string, string];
  for (const path of [lock, socket]) writeFileSync(path, '');
  folder = new RunFolder({ runDir, lock });
  folder.remember([socket, join(runDir, 'never-made.sock')]);
});
afterEach(() => rmSync(runDir, { recursive: true, force: true }));

it('finds nothing wrong with a folder that is as the daemon made it', () => {
  expect([folder.lost, folder.problems]).toEqual([undefined, []]);
  writeFileSync(lock, 'a heartbeat');
  expect(folder.lost).toBeUndefined();
});

it('names a lock that was removed or replaced', () => {
  const other = join(runDir, 'other');
  writeFileSync(other, '');
  renameSync(other, lock);
  expect(folder.lost).toBe(lock);
  rmSync(lock);
  expect(folder.lost).toBe(lock);
});

it('names a socket that was removed, and takes none for lost that it cannot look at', () => {
  rmSync(socket);
  expect(folder.lost).toBe(socket);
  folder.remember([join(runDir, 'a'.repeat(300))]);
  expect(folder.lost).toBeUndefined();
});

it('tells by its problems when the socket of a service manager is gone, and when there is no folder', () => {
  folder.remember([], socket);
  rmSync(socket);
  expect([folder.lost, folder.problems]).toEqual([undefined, [expect.stringContaining(`socket ${socket} was removed: restart`)]]);
  rmSync(runDir, { recursive: true });
  expect(folder.problems[0]).toContain(`write to ${runDir}: ENOENT`);
  mkdirSync(runDir);
});

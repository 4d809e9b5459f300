import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { decodeHeartbeat } from '../conf/heartbeat.ts';
import { removeAll } from './files.ts';
import { InstanceLock } from './instance-lock.ts';

let folder: string;
let paths: { lock: string; socket: string };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'instance-'));
  paths = { lock: join(folder, 'daemon.lock'), socket: join(folder, 'axoneme.sock') };
});
afterEach(() => removeAll(folder));

it('replaces the socket file of a killed daemon, and leaves that of a service manager', () => {
  writeFileSync(paths.socket, '');
  InstanceLock.acquire(paths, true).release();
  expect(existsSync(paths.socket)).toBe(true);
  InstanceLock.acquire(paths).release();
  expect(existsSync(paths.socket)).toBe(false);
});

it('refuses a second daemon of one root, which may begin when the first has ended', () => {
  const lock = InstanceLock.acquire(paths);
  writeFileSync(paths.socket, '');
  expect(() => InstanceLock.acquire(paths)).toThrow(`another one serves ${paths.socket}`);
  expect(existsSync(paths.socket), 'socket of the first').toBe(true);
  lock.release();
  InstanceLock.acquire(paths).release();
});

it('locks the file that bears the name, also when another one did before', () => {
  const old = InstanceLock.acquire(paths);
  rmSync(paths.lock);
  const lock = InstanceLock.acquire(paths);
  expect(() => InstanceLock.acquire(paths)).toThrow('another one serves');
  old.release();
  expect(() => InstanceLock.acquire(paths)).toThrow('another one serves');
  lock.release();
});

it('shows who lives, and how far it is', () => {
  const lock = InstanceLock.acquire(paths);
  const shown = () => decodeHeartbeat(readFileSync(paths.lock, 'utf8'));
  expect(shown()).toMatchObject({ pid: process.pid, phase: 'starting' });
  const { atMs = 0 } = shown() ?? {};
  lock.beat('serving');
  expect(shown()).toMatchObject({ pid: process.pid, phase: 'serving' });
  expect(shown()?.atMs).toBeGreaterThanOrEqual(atMs);
  lock.release();
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeHeartbeat, HUNG_MS, monotonicMs } from '../conf/heartbeat.ts';
import { type Fd, takeFileLock } from '../native/index.ts';
import { AgentError } from './agent.ts';
import { hungMessage, LivenessProbe } from './liveness.ts';
import { PublishedHealth } from './published-health.ts';

let folder: string;
let path: string;
let lock: Fd | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'liveness-'));
  path = join(folder, 'daemon.lock');
  lock = takeFileLock(path);
});
afterEach(() => {
  lock?.close();
  rmSync(folder, { recursive: true });
});

const beat = (ageMs: number, phase: 'starting' | 'serving' = 'serving') =>
  writeFileSync(path, encodeHeartbeat({ pid: 42, atMs: monotonicMs() - ageMs, phase }));

test('a daemon lives as long as it holds its lock, whatever the file says', () => {
  const probe = new LivenessProbe(path);
  expect(probe.look()).toEqual({ state: 'alive', phase: 'starting' });
  beat(0);
  expect(probe.look()).toEqual({ state: 'alive', phase: 'serving' });
  lock?.close();
  expect(probe.look()).toEqual({ state: 'away' });
  rmSync(path);
  expect(probe.look()).toEqual({ state: 'away' });
});

test('one without a heartbeat for half a minute is hung, if the next look finds the same', async () => {
  const probe = new LivenessProbe(path);
  beat(HUNG_MS + 4000);
  expect(probe.look()).toEqual({ state: 'alive', phase: 'serving' });
  const seen = probe.look();
  expect(seen).toMatchObject({ state: 'hung', pid: 42 });
  if (seen.state === 'hung') expect(hungMessage(seen)).toBe('axoneme daemon (pid 42) is alive but has made no progress for 34 s');
  beat(0);
  expect(probe.look()).toEqual({ state: 'alive', phase: 'serving' });
  beat(HUNG_MS + 1000);
  expect(await new LivenessProbe(path).confirm()).toMatchObject({ state: 'hung' });
});

test('a question leaves the lock as it is', () => {
  lock?.close();
  new LivenessProbe(path).look();
  lock = takeFileLock(path);
  expect(lock).toBeDefined();
  new LivenessProbe(path).look();
  expect(takeFileLock(path)).toBeUndefined();
});

test('what a daemon published stands in for an answer that it is too busy to give, and for nothing else', async () => {
  const file = join(folder, 'health.json');
  writeFileSync(file, JSON.stringify({ default: { state: 'ok', problems: [], version: '1' } }));
  let failure = new AgentError('timeout', 'no answer');
  const agent = { health: () => Promise.reject(failure) };
  const health = new PublishedHealth(agent, file, new LivenessProbe(path));
  beat(0);
  expect(await health.health()).toMatchObject({ state: 'ok' });
  await expect(health.health('other')).rejects.toBe(failure);
  beat(0, 'starting');
  await expect(health.health()).rejects.toBe(failure);
  beat(HUNG_MS + 1000);
  await health.health().catch(() => undefined);
  await expect(health.health(), 'hung').rejects.toBe(failure);
  beat(0);
  failure = new AgentError('unreachable', 'nobody listens');
  await expect(health.health()).rejects.toBe(failure);
});

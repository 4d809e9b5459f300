import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Scratch } from '../fixture.ts';
import { holdDeviceLock } from '../harness/device-lock.ts';
import { Netns } from '../netns.ts';
import { setLink } from './route/link.ts';
import { NetlinkSocket } from './socket.ts';

/** How long the lock is held: the whole machine waits for it. */
const HELD_MS = 1500;

const scratch = new Scratch();
let netns: Netns;

beforeAll(async () => {
  netns = Netns.open(await scratch.netns('pod'));
  scratch.ip(netns.path, 'link', 'set', 'lo', 'up');
});
afterAll(async () => {
  netns.close();
  await scratch[Symbol.asyncDispose]();
});

const loopbackUp = () => setLink(1, { up: true });

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

it('exchanges that wait for the lock on devices hold up no file, name or timer', { timeout: 60_000 }, async () => {
  const sockets = await Promise.all(Array.from({ length: 40 }, () => NetlinkSocket.open(netns)));
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  await holdDeviceLock(netns, HELD_MS);
  const start = performance.now();
  const exchanges = sockets.map((socket) => socket.request(loopbackUp()));
  const first = Promise.race(exchanges).then(() => performance.now() - start);
  await sleep(50);
  const others = await timed(() => Promise.all([...Array.from({ length: 20 }, () => readFile('/proc/self/status')), lookup('localhost')]));
  expect(performance.now() - start).toBeLessThan(HELD_MS * 0.8);
  expect(await first).toBeGreaterThan(HELD_MS * 0.8);
  await Promise.all(exchanges);
  delay.disable();
  expect(others).toBeLessThan(HELD_MS / 2);
  expect(delay.max / 1e6).toBeLessThan(HELD_MS / 2);
  for (const socket of sockets) socket.close();
});

it('a call whose answer does not come fails in time, those behind it are not sent, and the socket goes on afterwards', async () => {
  const socket = await NetlinkSocket.open(netns, 300);
  await holdDeviceLock(netns, HELD_MS);
  const why = "no answer for 0.3 s, another process may hold the kernel's lock on network devices";
  const [sent, behind] = [socket.request(loopbackUp()), socket.request(setLink(1, { mtu: 1400 }))];
  await expect(sent).rejects.toThrow(`${loopbackUp().operation}: timed out (${why}; it may still be carried out)`);
  await expect(behind).rejects.toMatchObject({ errnoName: 'ETIMEDOUT', kernelMessage: expect.stringContaining('it was not sent') });
  const patient = await NetlinkSocket.open(netns);
  expect(await patient.request(loopbackUp())).toEqual([]);
  expect(await socket.request(loopbackUp())).toEqual([]);
  expect(scratch.ip(netns.path, 'link', 'show', 'lo')).toContain('mtu 65536');
  patient.close();
  socket.close();
});

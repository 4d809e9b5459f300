import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Scratch } from '../fixture.ts';
import { holdDeviceLock } from '../harness/device-lock.ts';
import { Netns } from '../netns.ts';
import { AttachType } from './constants.ts';
import { linkInfo } from './info.ts';
import { createLink } from './link.ts';
import { type BpfObject, loadObject } from './object.ts';
import { attachedPrograms } from './query.ts';

const HELD_MS = 1000;

const scratch = new Scratch();
let netns: Netns;
let object: BpfObject;

beforeAll(async () => {
  netns = Netns.open(await scratch.netns('pod'));
  scratch.ip(netns.path, 'link', 'set', 'lo', 'up');
  object = await loadObject({ path: scratch.compile('sample') });
});
afterAll(async () => {
  object[Symbol.dispose]();
  netns.close();
  await scratch[Symbol.asyncDispose]();
});

it('questions about links wait for the lock on devices without the event loop', { timeout: 60_000 }, async () => {
  const where = { ifindex: 1, netns, attachType: AttachType.tcxIngress };
  using link = await createLink({ ...where, program: object.program('count_packet') });
  await holdDeviceLock(netns, HELD_MS);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const start = performance.now();
  const [info, programs] = await Promise.all([linkInfo(link), attachedPrograms(where)]);
  delay.disable();
  expect(performance.now() - start).toBeGreaterThan(HELD_MS * 0.7);
  expect(delay.max / 1e6).toBeLessThan(HELD_MS * 0.6);
  expect([info.ifindex, programs]).toEqual([1, [info.programId]]);
});

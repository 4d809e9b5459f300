import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { holdDeviceLock } from '../../native/harness/index.ts';
import { attachmentOf } from '../../test-harness/index.ts';
import { TestNode } from '../fixtures/test-node.ts';

/** The whole machine's changes of devices wait so long. */
const HELD_MS = 3000;

/** One process holds the kernel's lock on network devices (RTNL), as a slow driver does. */
it('while the lock on devices is held the daemon answers status, and its ADDs go on afterwards', async () => {
  await using site = await TestNode.open();
  const { runtime, network } = site;
  const pods = await Promise.all(Array.from({ length: 12 }, (_, index) => site.node.addPod(`p${index}`)));
  using netns = site.node.netns();
  const timed = async (work: () => Promise<unknown>) => {
    const began = performance.now();
    await work();
    return performance.now() - began;
  };
  const health = () => timed(() => site.cli('status', '-o', 'json'));
  const calm = await health();
  await holdDeviceLock(netns, HELD_MS);
  const began = performance.now();
  const adds = pods.map((pod) => runtime.add(network, attachmentOf(pod)));
  const first = Promise.race(adds).then(() => performance.now() - began);
  await sleep(300);
  const during = await health();
  const asked = performance.now() - began;
  expect(await first).toBeGreaterThan(HELD_MS * 0.8);
  expect(asked).toBeLessThan(HELD_MS * 0.9);
  expect(during).toBeLessThan(calm + HELD_MS / 2);
  await Promise.all(adds);
  for (const pod of pods) await runtime.del(network, attachmentOf(pod));
});

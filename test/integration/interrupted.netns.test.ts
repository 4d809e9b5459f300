import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attachmentOf, diff, formatChanges, type Pod, tcpEcho } from '../../test-harness/index.ts';
import { Site, type State } from './site.ts';

/** Moments of an ADD, which takes some 60 to 110 ms: process start, reservation, device, programs, answer. */
const moments = [15, 30, 40, 50, 60, 70, 80, 95, 110];

describe('an interrupted ADD', () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.open();
    const { pod } = await site.axoneme.add('first');
    await site.axoneme.delete(pod);
  });
  afterAll(() => site[Symbol.asyncDispose]());

  /** The differences to an earlier state, as soon as there are none, or those that remain. */
  async function settles(before: State): Promise<void> {
    const differences = async () => {
      const after = await site.state();
      return (
        formatChanges(diff(before.node, after.node)) +
        (after.tables.join() === before.tables.join() ? '' : `\n~ tables ${after.tables.join()}`)
      );
    };
    await expect.poll(differences, { timeout: 5000, interval: 100 }).toBe('');
  }

  it.each(moments)('by the plugin killed after %i ms leaves nothing once the pod is deleted', async (moment) => {
    const before = await site.state();
    const { runtime, network } = site.axoneme;
    const pod = await site.node.addPod('victim');
    await runtime.add(network, attachmentOf(pod), { signal: AbortSignal.timeout(moment) }).catch(() => undefined);
    await runtime.del(network, attachmentOf(pod));
    await site.node.removePod(pod);
    await settles(before);
  });

  it.each(moments)('by the plugin killed after %i ms can be tried again at once', async (moment) => {
    const before = await site.state();
    const { runtime, network } = site.axoneme;
    const pod = await site.node.addPod('retried');
    const first = await runtime.add(network, attachmentOf(pod), { signal: AbortSignal.timeout(moment) }).catch(() => undefined);
    // killed so late that all was done but the answer: then the attachment lives, and the runtime must delete it first
    const second = first ?? (await runtime.add(network, attachmentOf(pod)).catch(() => undefined));
    if (second === undefined) {
      await runtime.del(network, attachmentOf(pod));
      await runtime.add(network, attachmentOf(pod));
    }
    expect(await tcpEcho(pod, site.outside)).toMatchObject({ reached: true });
    await site.axoneme.delete(pod);
    await settles(before);
  });

  it.each([20, 50, 80, 150])('by the daemon killed after %i ms of ten ADDs leaves nothing once the pods are deleted', async (moment) => {
    const before = await site.state();
    const { runtime, network } = site.axoneme;
    const pods = await Promise.all(Array.from({ length: 10 }, (_, i) => site.node.addPod(`pod${i}`)));
    const adds = Promise.allSettled(pods.map((pod) => runtime.add(network, attachmentOf(pod))));
    await sleep(moment);
    site.axoneme.daemon.signal('SIGKILL');
    const outcomes = await adds;
    await site.axoneme.restart();
    const alive = pods.filter((_, i) => outcomes[i]?.status === 'fulfilled');
    for (const pod of alive) expect(await tcpEcho(pod, site.outside)).toMatchObject({ reached: true });
    await Promise.all(pods.map((pod: Pod) => site.axoneme.delete(pod)));
    await settles(before);
  });
});

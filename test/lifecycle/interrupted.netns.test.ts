import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { attachmentOf, diff, formatChanges, type Pod, Runtime, tcpEcho } from '../../test-harness/index.ts';
import { standalonePlugins } from '../fixtures/plugin-variants.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { type NodeState, TestNode } from '../fixtures/test-node.ts';

/**
 * Moments of an ADD in milliseconds: process start, reservation, device, programs, answer. Where RCU is not expedited, the daemon takes some 50 and a
 * cold process some 100.
 */
const forms = [
  { form: 'launcher', moments: [1, 2, 4, 8, 12, 20, 30, 40, 48] },
  { form: 'cold plugin', moments: [15, 30, 40, 50, 60, 70, 80, 95, 110] },
] as const;
const kills = forms.flatMap(({ form, moments }) => moments.map((moment) => [form, moment] as const));

describe('an interrupted ADD', () => {
  let site: TestNode;
  let runtimes: Readonly<Record<(typeof forms)[number]['form'], Runtime>>;
  sharedFixture(async () => {
    site = await TestNode.open();
    const cold = new Runtime(site.node, { pluginDirs: [await standalonePlugins(site.node)] });
    runtimes = { launcher: site.runtime, 'cold plugin': cold };
    const { pod } = await site.add('first');
    await site.delete(pod);
    return site;
  });

  /** The differences to an earlier state, as soon as there are none, or those that remain. */
  async function settles(before: NodeState): Promise<void> {
    const differences = async () => {
      const after = await site.state();
      return (
        formatChanges(diff(before.node, after.node)) +
        (after.tables.join() === before.tables.join() ? '' : `\n~ tables ${after.tables.join()}`)
      );
    };
    await expect.poll(differences, { interval: 100 }).toBe('');
  }

  /** Kills an ADD, does `work`, deletes the pod whatever came of that, and expects the node to be as before. */
  async function interrupt([form, moment]: (typeof kills)[number], work: (runtime: Runtime, pod: Pod, first: unknown) => Promise<void>) {
    const before = await site.state();
    const [runtime, { network }] = [runtimes[form], site];
    const pod = await site.node.addPod('victim');
    try {
      const signal = AbortSignal.timeout(moment);
      await work(runtime, pod, await runtime.add(network, attachmentOf(pod), { signal }).catch(() => undefined));
    } finally {
      await runtime.del(network, attachmentOf(pod));
      await site.node.removePod(pod);
    }
    await settles(before);
  }

  it.each(kills)('by the %s killed after %i ms leaves nothing once the pod is deleted', async (...kill) => {
    await interrupt(kill, async () => undefined);
  });

  it.each(kills)('by the %s killed after %i ms can be tried again at once', async (...kill) => {
    await interrupt(kill, async (runtime, pod, first) => {
      const { network } = site;
      // killed so late that all was done but the answer: then the attachment lives, and the runtime must delete it first
      const second = first ?? (await runtime.add(network, attachmentOf(pod)).catch(() => undefined));
      if (second === undefined) {
        await runtime.del(network, attachmentOf(pod));
        await runtime.add(network, attachmentOf(pod));
      }
      for (const family of [4, 6] as const) expect(await tcpEcho(pod, site.outside, { family })).toMatchObject({ reached: true });
    });
  });

  it.each([20, 50, 80, 150])('by the daemon killed after %i ms of ten ADDs leaves nothing once the pods are deleted', async (moment) => {
    const before = await site.state();
    const { runtime, network } = site;
    const pods = await Promise.all(Array.from({ length: 10 }, (_, i) => site.node.addPod(`pod${i}`)));
    const adds = Promise.allSettled(pods.map((pod) => runtime.add(network, attachmentOf(pod))));
    await sleep(moment);
    site.daemon.signal('SIGKILL');
    const outcomes = await adds;
    await site.restart();
    const alive = pods.filter((_, i) => outcomes[i]?.status === 'fulfilled');
    for (const pod of alive) expect(await tcpEcho(pod, site.outside)).toMatchObject({ reached: true });
    await Promise.all(pods.map((pod: Pod) => site.delete(pod)));
    await settles(before);
  });
});

import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attachmentOf, CniError, type Pod, Runtime } from '../../test-harness/index.ts';
import { executables } from '../fixtures/axoneme.ts';
import { type Moment, Ward } from '../fixtures/crash/crash-lab.ts';
import { Random } from '../fixtures/crash/random.ts';
import { inWords } from '../fixtures/crash/scenarios.ts';
import { coldPlugins } from '../fixtures/plugin-variants.ts';
import { shared } from '../fixtures/shared-fixture.ts';

/* Calls that the daemon serves for the launcher: what either leaves when it dies, and what many at once cost each other. */

let ward: Ward;
let victim: Pod;
shared(async () => {
  ward = await Ward.open({ pods: true, warm: true });
  victim = await ward.node.addPod('victim');
  return ward;
});

const launchers = dirname(executables.plugin);

const moments: readonly Moment[] = [
  { step: 'add.pair', phase: 'after' },
  { step: 'add.pod', phase: 'before' },
  { step: 'rows.address', phase: 'after' },
  { step: 'add.attach.egress', phase: 'after' },
  { step: 'complete.record', phase: 'before' },
];

describe('a daemon that dies while it serves a call', () => {
  it.each(moments.map((moment) => [inWords(moment), moment] as const))(
    'in ADD %s: the runtime is told to try again, and can',
    async (_, moment) => {
      await ward.arm(moment);
      const refused = await ward.runtime.add(ward.network, attachmentOf(victim)).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(CniError);
      expect(refused).toMatchObject({ code: 11, message: expect.stringContaining('the daemon ended meanwhile') });
      expect(await ward.disarm()).toBe(true);
      await ward.restart();
      await ward.expectBooks();
      await ward.add(victim);
      await ward.expectReach(victim);
      await ward.delete(victim);
      await ward.expectBooks();
    },
  );

  it('in ADD after its last step: the pod is whole, and nobody was told', async () => {
    await ward.arm({ step: 'answer', phase: 'before' });
    expect(await ward.tryAdd(victim)).toBe(false);
    expect(await ward.disarm()).toBe(true);
    await ward.restart();
    await ward.expectBooks(victim);
    await ward.delete(victim);
    await ward.expectBooks();
  });

  it('in DEL: the cold executable does the rest', async () => {
    await ward.add(victim);
    await ward.arm({ step: 'bury.device', phase: 'before' });
    await ward.delete(victim);
    expect(await ward.disarm()).toBe(true);
    await ward.restart();
    await ward.expectBooks();
  });
});

describe('a launcher that is killed', () => {
  it('at random moments leaves nothing, or a whole pod of which nobody was told', async () => {
    const random = new Random(5);
    const seen = new Set<string>();
    for (let n = 0; n < 15; n++) {
      const runtime = new Runtime(ward.node, { pluginDirs: [launchers], timeout: random.integer(10, 60) });
      const outcome = await runtime.add(ward.network, attachmentOf(victim)).then(
        () => 'added',
        (error: unknown) => (error instanceof CniError && error.code !== 0 ? `code ${error.code}: ${error.message}` : 'killed'),
      );
      seen.add(outcome);
      await ward.delete(victim);
    }
    await ward.expectBooks();
    expect([...seen].filter((outcome) => outcome !== 'added' && outcome !== 'killed')).toEqual([]);
  });

  it('and a DEL right behind it waits for what the daemon takes back', async () => {
    await ward.arm({ step: 'add.attach.ingress', phase: 'before' }, 'hold');
    const killer = new AbortController();
    const added = ward.runtime.add(ward.network, attachmentOf(victim), { signal: killer.signal }).catch(() => 'killed');
    await expect.poll(() => ward.fired()).toBe(true);
    killer.abort();
    expect(await added).toBe('killed');
    const deleted = ward.tryDelete(victim);
    await ward.disarm();
    expect(await deleted).toBe(true);
    await ward.expectBooks();
  });
});

describe('many at once', () => {
  it('none fails, and a plugin that stopped half-way delays no other', async () => {
    const slow = await ward.node.addPod('slow');
    const pods = await Promise.all(Array.from({ length: 40 }, (_, n) => ward.node.addPod(`crowd${n}`)));
    // a failpoint of its own, by which the daemon does not come
    const held = '/run/failpoint-of-slow';
    await ward.node.writeFile(held, 'add.pair after 1 hold');
    const env = { ...ward.env, AXONEME_FAILPOINT: held };
    const cold = new Runtime(ward.node, { pluginDirs: [await coldPlugins(ward.node)], env });
    const slowly = cold.add(ward.network, attachmentOf(slow));
    await expect.poll(() => ward.node.exists(`${held}.fired`)).toBe(true);
    const free = new Runtime(ward.node, { pluginDirs: [launchers] });
    const added = await Promise.allSettled(pods.map((pod) => free.add(ward.network, attachmentOf(pod))));
    expect(added.filter(({ status }) => status === 'rejected')).toEqual([]);
    await ward.node.remove(held);
    await slowly;
    await ward.expectBooks(slow, ...pods);
    await Promise.all([slow, ...pods].map((pod) => ward.delete(pod)));
    await ward.expectBooks();
  });

  it('the streams of the pods that live on lost nothing', () => ward.expectSteadyTraffic());
});

import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attachmentOf, CniError, type Pod, Runtime } from '../../test-harness/index.ts';
import { executables } from '../fixtures/axoneme.ts';
import { CrashLab, type Failpoint } from '../fixtures/crash/crash-lab.ts';
import { Random } from '../fixtures/crash/random.ts';
import { inWords } from '../fixtures/crash/scenarios.ts';
import { standalonePlugins } from '../fixtures/plugin-variants.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';

/* Calls that the daemon serves for the launcher: what either leaves when it dies, and what many at once cost each other. */

let crashLab: CrashLab;
let podUnderTest: Pod;
sharedFixture(async () => {
  crashLab = await CrashLab.open({ pods: true, warm: true });
  podUnderTest = await crashLab.node.addPod('victim');
  return crashLab;
});

const launchers = dirname(executables.plugin);

const failpoints: readonly Failpoint[] = [
  { step: 'add.pair', phase: 'after' },
  { step: 'add.pod', phase: 'before' },
  { step: 'rows.address', phase: 'after' },
  { step: 'add.attach.egress', phase: 'after' },
  { step: 'complete.record', phase: 'before' },
];

describe('a daemon that dies while it serves a call', () => {
  it.each(failpoints.map((failpoint) => [inWords(failpoint), failpoint] as const))(
    'in ADD %s: the runtime is told to try again, and can',
    async (_, failpoint) => {
      await crashLab.setFailpoint(failpoint);
      const refused = await crashLab.runtime.add(crashLab.network, attachmentOf(podUnderTest)).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(CniError);
      expect(refused).toMatchObject({ code: 11, message: expect.stringContaining('the daemon ended meanwhile') });
      expect(await crashLab.clearFailpoint()).toBe(true);
      await crashLab.restart();
      await crashLab.expectBooks();
      await crashLab.add(podUnderTest);
      await crashLab.expectReach(podUnderTest);
      await crashLab.delete(podUnderTest);
      await crashLab.expectBooks();
    },
  );

  it('in ADD after its last step: the pod is whole, and nobody was told', async () => {
    await crashLab.setFailpoint({ step: 'answer', phase: 'before' });
    expect(await crashLab.tryAdd(podUnderTest)).toBe(false);
    expect(await crashLab.clearFailpoint()).toBe(true);
    await crashLab.restart();
    await crashLab.expectBooks(podUnderTest);
    await crashLab.delete(podUnderTest);
    await crashLab.expectBooks();
  });

  it('in DEL: the cold executable does the rest', async () => {
    await crashLab.add(podUnderTest);
    await crashLab.setFailpoint({ step: 'bury.device', phase: 'before' });
    await crashLab.delete(podUnderTest);
    expect(await crashLab.clearFailpoint()).toBe(true);
    await crashLab.restart();
    await crashLab.expectBooks();
  });
});

describe('a launcher that is killed', () => {
  it('at random moments leaves nothing, or a whole pod of which nobody was told', async () => {
    const random = new Random(5);
    const seen = new Set<string>();
    for (let n = 0; n < 15; n++) {
      const runtime = new Runtime(crashLab.node, { pluginDirs: [launchers], timeout: random.integer(10, 60) });
      const outcome = await runtime.add(crashLab.network, attachmentOf(podUnderTest)).then(
        () => 'added',
        (error: unknown) => (error instanceof CniError && error.code !== 0 ? `code ${error.code}: ${error.message}` : 'killed'),
      );
      seen.add(outcome);
      await crashLab.delete(podUnderTest);
    }
    await crashLab.expectBooks();
    expect([...seen].filter((outcome) => outcome !== 'added' && outcome !== 'killed')).toEqual([]);
  });

  it('and a DEL right behind it waits for what the daemon takes back', async () => {
    await crashLab.setFailpoint({ step: 'add.attach.ingress', phase: 'before' }, 'hold');
    const killer = new AbortController();
    const added = crashLab.runtime.add(crashLab.network, attachmentOf(podUnderTest), { signal: killer.signal }).catch(() => 'killed');
    await expect.poll(() => crashLab.fired()).toBe(true);
    killer.abort();
    expect(await added).toBe('killed');
    const deleted = crashLab.tryDelete(podUnderTest);
    await crashLab.clearFailpoint();
    expect(await deleted).toBe(true);
    await crashLab.expectBooks();
  });
});

describe('many at once', () => {
  it('none fails, and a plugin that stopped half-way delays no other', async () => {
    const slow = await crashLab.node.addPod('slow');
    const pods = await Promise.all(Array.from({ length: 40 }, (_, n) => crashLab.node.addPod(`crowd${n}`)));
    // a failpoint of its own, by which the daemon does not come
    const held = '/run/failpoint-of-slow';
    await crashLab.node.writeFile(held, 'add.pair after 1 hold');
    const env = { ...crashLab.env, AXONEME_FAILPOINT: held };
    const cold = new Runtime(crashLab.node, { pluginDirs: [await standalonePlugins(crashLab.node)], env });
    const slowly = cold.add(crashLab.network, attachmentOf(slow));
    await expect.poll(() => crashLab.node.exists(`${held}.fired`)).toBe(true);
    const free = new Runtime(crashLab.node, { pluginDirs: [launchers] });
    const added = await Promise.allSettled(pods.map((pod) => free.add(crashLab.network, attachmentOf(pod))));
    expect(added.filter(({ status }) => status === 'rejected')).toEqual([]);
    await crashLab.node.remove(held);
    await slowly;
    await crashLab.expectBooks(slow, ...pods);
    await Promise.all([slow, ...pods].map((pod) => crashLab.delete(pod)));
    await crashLab.expectBooks();
  });

  it('the streams of the pods that live on lost nothing', () => crashLab.expectSteadyTraffic());
});

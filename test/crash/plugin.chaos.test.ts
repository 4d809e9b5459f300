import { describe, expect, it } from 'vitest';
import type { Pod } from '../../test-harness/index.ts';
import { CrashLab } from '../fixtures/crash/crash-lab.ts';
import { titled } from '../fixtures/crash/scenarios.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';

describe('a plugin that dies', () => {
  let crashLab: CrashLab;
  let podUnderTest: Pod;
  sharedFixture(async () => {
    crashLab = await CrashLab.open({ pods: true });
    podUnderTest = await crashLab.node.addPod('victim');
    return crashLab;
  });

  it.each(titled('plugin: ADD'))('in ADD %s leaves nothing, or a whole pod of which nobody was told', async (_, failpoint) => {
    await crashLab.setFailpoint(failpoint);
    expect(await crashLab.tryAdd(podUnderTest)).toBe(false);
    expect(await crashLab.clearFailpoint()).toBe(true);
    const isDone = failpoint.step === 'answer' || (failpoint.step === 'add.complete' && failpoint.phase === 'after');
    await crashLab.expectBooks(...(isDone ? [podUnderTest] : []));
    expect(await crashLab.tryAdd(podUnderTest)).toBe(!isDone);
    await crashLab.expectReach(podUnderTest);
    await crashLab.delete(podUnderTest);
    await crashLab.expectBooks();
  });

  it.each(titled('plugin: DEL'))('in DEL %s leaves the rest to the daemon or to the next DEL', async (_, failpoint) => {
    await crashLab.add(podUnderTest);
    await crashLab.setFailpoint(failpoint);
    expect(await crashLab.tryDelete(podUnderTest)).toBe(false);
    expect(await crashLab.clearFailpoint()).toBe(true);
    await crashLab.expectBooks(...(failpoint.step === 'del.disconnect' && failpoint.phase === 'before' ? [podUnderTest] : []));
    await crashLab.delete(podUnderTest);
    await crashLab.expectBooks();
  });

  it.each([...titled('plugin: DEL'), ...titled('plugin: GC')])(
    'in GC %s leaves the rest to the daemon or to the next GC',
    async (_, failpoint) => {
      await crashLab.add(podUnderTest);
      await crashLab.setFailpoint(failpoint);
      expect(await crashLab.collect()).toBe(null);
      expect(await crashLab.clearFailpoint()).toBe(true);
      expect(await crashLab.collect()).toBe(0);
      await crashLab.expectBooks();
    },
  );

  it.each(titled('plugin: DEL alone'))('in a DEL without a daemon %s leaves what the next start clears', async (_, failpoint) => {
    await crashLab.add(podUnderTest);
    await crashLab.kill();
    await crashLab.setFailpoint(failpoint);
    expect(await crashLab.tryDelete(podUnderTest)).toBe(false);
    expect(await crashLab.clearFailpoint()).toBe(true);
    // half a record is no longer somebody's to write when it is a minute old
    await crashLab.node.run(['find', '/run/axoneme/delete-queue', '-name', '*.tmp', '-exec', 'touch', '-d', '2 minutes ago', '{}', '+']);
    await crashLab.restart();
    await crashLab.expectBooks(...(failpoint.step === 'del.device' && failpoint.phase === 'before' ? [podUnderTest] : []));
    await crashLab.delete(podUnderTest);
    await crashLab.expectBooks();
  });

  it.each(titled('plugin: DEL that meets a new daemon'))('in a DEL that meets a new daemon %s leaves nothing', async (_, failpoint) => {
    await crashLab.add(podUnderTest);
    await crashLab.kill();
    await crashLab.setFailpoint({ step: 'del.queue', phase: 'before' }, 'hold');
    const deleted = crashLab.tryDelete(podUnderTest);
    await expect.poll(() => crashLab.fired()).toBe(true);
    await crashLab.restart();
    await crashLab.setFailpoint(failpoint);
    expect(await deleted).toBe(false);
    expect(await crashLab.clearFailpoint()).toBe(true);
    await crashLab.expectBooks();
  });

  it('costs the streams between other pods nothing', () => crashLab.expectSteadyTraffic());
});

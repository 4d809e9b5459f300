import { describe, expect, it } from 'vitest';
import type { Pod } from '../../test-harness/index.ts';
import { Ward } from '../fixtures/crash/crash-lab.ts';
import { titled } from '../fixtures/crash/scenarios.ts';
import { shared } from '../fixtures/shared-fixture.ts';

describe('a plugin that dies', () => {
  let ward: Ward;
  let victim: Pod;
  shared(async () => {
    ward = await Ward.open({ pods: true });
    victim = await ward.node.addPod('victim');
    return ward;
  });

  it.each(titled('plugin: ADD'))('in ADD %s leaves nothing, or a whole pod of which nobody was told', async (_, moment) => {
    await ward.arm(moment);
    expect(await ward.tryAdd(victim)).toBe(false);
    expect(await ward.disarm()).toBe(true);
    const isDone = moment.step === 'answer' || (moment.step === 'add.complete' && moment.phase === 'after');
    await ward.expectBooks(...(isDone ? [victim] : []));
    expect(await ward.tryAdd(victim)).toBe(!isDone);
    await ward.expectReach(victim);
    await ward.delete(victim);
    await ward.expectBooks();
  });

  it.each(titled('plugin: DEL'))('in DEL %s leaves the rest to the daemon or to the next DEL', async (_, moment) => {
    await ward.add(victim);
    await ward.arm(moment);
    expect(await ward.tryDelete(victim)).toBe(false);
    expect(await ward.disarm()).toBe(true);
    await ward.expectBooks(...(moment.step === 'del.disconnect' && moment.phase === 'before' ? [victim] : []));
    await ward.delete(victim);
    await ward.expectBooks();
  });

  it.each([...titled('plugin: DEL'), ...titled('plugin: GC')])(
    'in GC %s leaves the rest to the daemon or to the next GC',
    async (_, moment) => {
      await ward.add(victim);
      await ward.arm(moment);
      expect(await ward.collect()).toBe(null);
      expect(await ward.disarm()).toBe(true);
      expect(await ward.collect()).toBe(0);
      await ward.expectBooks();
    },
  );

  it.each(titled('plugin: DEL alone'))('in a DEL without a daemon %s leaves what the next start clears', async (_, moment) => {
    await ward.add(victim);
    await ward.kill();
    await ward.arm(moment);
    expect(await ward.tryDelete(victim)).toBe(false);
    expect(await ward.disarm()).toBe(true);
    // half a record is no longer somebody's to write when it is a minute old
    await ward.node.run(['find', '/run/axoneme/delete-queue', '-name', '*.tmp', '-exec', 'touch', '-d', '2 minutes ago', '{}', '+']);
    await ward.restart();
    await ward.expectBooks(...(moment.step === 'del.device' && moment.phase === 'before' ? [victim] : []));
    await ward.delete(victim);
    await ward.expectBooks();
  });

  it.each(titled('plugin: DEL that meets a new daemon'))('in a DEL that meets a new daemon %s leaves nothing', async (_, moment) => {
    await ward.add(victim);
    await ward.kill();
    await ward.arm({ step: 'del.queue', phase: 'before' }, 'hold');
    const deleted = ward.tryDelete(victim);
    await expect.poll(() => ward.fired()).toBe(true);
    await ward.restart();
    await ward.arm(moment);
    expect(await deleted).toBe(false);
    expect(await ward.disarm()).toBe(true);
    await ward.expectBooks();
  });

  it('costs the streams between other pods nothing', () => ward.expectSteadyTraffic());
});

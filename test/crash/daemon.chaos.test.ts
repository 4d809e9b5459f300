import { describe, expect, it } from 'vitest';
import { attachmentOf, type Pod, Runtime } from '../../test-harness/index.ts';
import { type Moment, Ward } from '../fixtures/crash/crash-lab.ts';
import { titled } from '../fixtures/crash/scenarios.ts';
import { coldPlugins } from '../fixtures/plugin-variants.ts';
import { shared } from '../fixtures/shared-fixture.ts';

describe('a daemon that dies while it serves', () => {
  let ward: Ward;
  let victim: Pod;
  shared(async () => {
    ward = await Ward.open({ pods: true });
    victim = await ward.node.addPod('victim');
    return ward;
  });

  /** Does what kills the daemon, and starts it anew as soon as it is dead, as a service manager does. */
  async function dying(moment: Moment, verb: () => Promise<boolean>): Promise<boolean> {
    await ward.arm(moment);
    const outcome = verb();
    await Promise.race([ward.daemon.ended, outcome]);
    expect(await ward.disarm()).toBe(true);
    await ward.restart();
    return await outcome;
  }

  it.each(titled('daemon: ADD'))('an ADD %s leaves nothing, and the next ADD succeeds', async (_, moment) => {
    expect(await dying(moment, () => ward.tryAdd(victim))).toBe(false);
    await ward.expectBooks();
    await ward.add(victim);
    await ward.expectReach(victim);
    await ward.delete(victim);
    await ward.expectBooks();
  });

  it('an ADD that takes back what the next daemon has found whole leaves nothing', async () => {
    const failpointOfPlugin = '/run/failpoint-of-plugin';
    // between its last word to the daemon that died, and the end of the device
    await ward.node.writeFile(failpointOfPlugin, 'add.undo before 3 hold');
    const env = { ...ward.env, AXONEME_FAILPOINT: failpointOfPlugin };
    const plugin = new Runtime(ward.node, { pluginDirs: [await coldPlugins(ward.node)], env });
    await ward.arm({ step: 'complete.record', phase: 'after' });
    const added = plugin.add(ward.network, attachmentOf(victim)).catch(() => 'failed');
    await expect.poll(() => ward.node.exists(`${failpointOfPlugin}.fired`)).toBe(true);
    await ward.disarm();
    await ward.restart();
    await ward.expectBooks(victim);
    await ward.node.remove(failpointOfPlugin);
    expect(await added).toBe('failed');
    await ward.expectBooks();
  });

  it.each(titled('daemon: DEL'))('a DEL %s succeeds all the same', async (_, moment) => {
    await ward.add(victim);
    expect(await dying(moment, () => ward.tryDelete(victim))).toBe(true);
    await ward.expectBooks();
  });

  it.each(titled('daemon: DEL of a further interface'))('a DEL of a second interface %s leaves the first', async (_, moment) => {
    await ward.add(victim);
    await ward.add(victim, 'net1');
    expect(await dying(moment, () => ward.tryDelete(victim, 'net1'))).toBe(true);
    await ward.expectBooks(victim);
    await ward.expectReach(victim);
    await ward.delete(victim);
    await ward.expectBooks();
  });

  it.each(titled('daemon: burial'))('after a DEL, %s, is made good by the next start', async (_, moment) => {
    await ward.add(victim);
    await ward.arm(moment);
    await ward.delete(victim);
    await ward.daemon.ended;
    expect(await ward.disarm()).toBe(true);
    await ward.restart();
    await ward.expectBooks();
  });

  it('costs the streams between other pods nothing', () => ward.expectSteadyTraffic());
});

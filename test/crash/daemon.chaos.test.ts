import { describe, expect, it } from 'vitest';
import { attachmentOf, type Pod, Runtime } from '../../test-harness/index.ts';
import { CrashLab, type Failpoint } from '../fixtures/crash/crash-lab.ts';
import { titled } from '../fixtures/crash/scenarios.ts';
import { standalonePlugins } from '../fixtures/plugin-variants.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';

describe('a daemon that dies while it serves', () => {
  let crashLab: CrashLab;
  let podUnderTest: Pod;
  sharedFixture(async () => {
    crashLab = await CrashLab.open({ pods: true });
    podUnderTest = await crashLab.node.addPod('victim');
    return crashLab;
  });

  /** Does what kills the daemon, and starts it anew as soon as it is dead, as a service manager does. */
  async function dying(failpoint: Failpoint, verb: () => Promise<boolean>): Promise<boolean> {
    await crashLab.setFailpoint(failpoint);
    const outcome = verb();
    await Promise.race([crashLab.daemon.ended, outcome]);
    expect(await crashLab.clearFailpoint()).toBe(true);
    await crashLab.restart();
    return await outcome;
  }

  it.each(titled('daemon: ADD'))('an ADD %s leaves nothing, and the next ADD succeeds', async (_, failpoint) => {
    expect(await dying(failpoint, () => crashLab.tryAdd(podUnderTest))).toBe(false);
    await crashLab.expectBooks();
    await crashLab.add(podUnderTest);
    await crashLab.expectReach(podUnderTest);
    await crashLab.delete(podUnderTest);
    await crashLab.expectBooks();
  });

  it('an ADD that takes back what the next daemon has found whole leaves nothing', async () => {
    const failpointOfPlugin = '/run/failpoint-of-plugin';
    // between its last word to the daemon that died, and the end of the device
    await crashLab.node.writeFile(failpointOfPlugin, 'add.undo before 3 hold');
    const env = { ...crashLab.env, AXONEME_FAILPOINT: failpointOfPlugin };
    const plugin = new Runtime(crashLab.node, { pluginDirs: [await standalonePlugins(crashLab.node)], env });
    await crashLab.setFailpoint({ step: 'complete.record', phase: 'after' });
    const added = plugin.add(crashLab.network, attachmentOf(podUnderTest)).catch(() => 'failed');
    await expect.poll(() => crashLab.node.exists(`${failpointOfPlugin}.fired`)).toBe(true);
    await crashLab.clearFailpoint();
    await crashLab.restart();
    await crashLab.expectBooks(podUnderTest);
    await crashLab.node.remove(failpointOfPlugin);
    expect(await added).toBe('failed');
    await crashLab.expectBooks();
  });

  it.each(titled('daemon: DEL'))('a DEL %s succeeds all the same', async (_, failpoint) => {
    await crashLab.add(podUnderTest);
    expect(await dying(failpoint, () => crashLab.tryDelete(podUnderTest))).toBe(true);
    await crashLab.expectBooks();
  });

  it.each(titled('daemon: DEL of a further interface'))('a DEL of a second interface %s leaves the first', async (_, failpoint) => {
    await crashLab.add(podUnderTest);
    await crashLab.add(podUnderTest, 'net1');
    expect(await dying(failpoint, () => crashLab.tryDelete(podUnderTest, 'net1'))).toBe(true);
    await crashLab.expectBooks(podUnderTest);
    await crashLab.expectReach(podUnderTest);
    await crashLab.delete(podUnderTest);
    await crashLab.expectBooks();
  });

  it.each(titled('daemon: burial'))('after a DEL, %s, is made good by the next start', async (_, failpoint) => {
    await crashLab.add(podUnderTest);
    await crashLab.setFailpoint(failpoint);
    await crashLab.delete(podUnderTest);
    await crashLab.daemon.ended;
    expect(await crashLab.clearFailpoint()).toBe(true);
    await crashLab.restart();
    await crashLab.expectBooks();
  });

  it('costs the streams between other pods nothing', () => crashLab.expectSteadyTraffic());
});

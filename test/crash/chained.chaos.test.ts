import { describe, expect, it } from 'vitest';
import type { StepName } from '../../conf/step.ts';
import { type Pod, parseNetwork, ping } from '../../test-harness/index.ts';
import { CrashLab } from '../fixtures/crash/crash-lab.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';

/* Behind another main plugin, whose device and addresses axoneme adopts. One family: with IPv6 the bridge plugin waits two seconds. */

const bridge = { type: 'bridge', bridge: 'cni0', isGateway: true, ipam: { type: 'host-local', subnet: '10.1.0.0/24' } };
const network = parseNetwork(JSON.stringify({ cniVersion: '1.0.0', name: 'chain', plugins: [bridge, { type: 'axoneme-cni' }] }));

/** What an ADD does there. What is done before a step was done after the one before. */
const addSteps: readonly StepName[] = [
  'add.create',
  'add.connect',
  'add.folder',
  'add.attach.ingress',
  'add.pin.ingress',
  'add.pin.egress',
];

describe('behind another main plugin', () => {
  let crashLab: CrashLab;
  let podUnderTest: Pod;
  sharedFixture(async () => {
    crashLab = await CrashLab.open({ pods: false, network });
    podUnderTest = await crashLab.node.addPod('victim');
    return crashLab;
  });

  async function expectNothing(): Promise<void> {
    await crashLab.delete(podUnderTest);
    await crashLab.expectBooks();
    const files = await crashLab.node.listFolder('/var/lib/cni/networks/chain');
    expect(files.filter((name) => name.startsWith('10.'))).toEqual([]);
  }

  it.each(addSteps)('an ADD that dies after %s leaves nothing of ours, and the pair to its maker', async (step) => {
    await crashLab.setFailpoint({ step, phase: 'after' });
    expect(await crashLab.tryAdd(podUnderTest)).toBe(false);
    expect(await crashLab.clearFailpoint()).toBe(true);
    await crashLab.expectBooks();
    expect((await podUnderTest.exec(['ip', 'link', 'show', 'eth0'])).code).toBe(0);
    await expectNothing();
  });

  it('a DEL that dies after it has asked the daemon is made good by the next', async () => {
    await crashLab.add(podUnderTest);
    await crashLab.expectBooks(podUnderTest);
    expect(await ping(crashLab.node, podUnderTest, { family: 4 })).toMatchObject({ reached: true });
    await crashLab.setFailpoint({ step: 'del.disconnect', phase: 'after' });
    expect(await crashLab.tryDelete(podUnderTest)).toBe(false);
    expect(await crashLab.clearFailpoint()).toBe(true);
    await crashLab.expectBooks();
    await expectNothing();
  });

  it.each(['connect.record', 'rows.address', 'complete.record'] as const)(
    'an ADD whose daemon dies after %s leaves nothing behind a DEL',
    async (step) => {
      await crashLab.setFailpoint({ step, phase: 'after' });
      const added = crashLab.tryAdd(podUnderTest);
      await Promise.race([crashLab.daemon.ended, added]);
      expect(await crashLab.clearFailpoint()).toBe(true);
      await crashLab.restart();
      expect(await added).toBe(false);
      // the device is not ours to take back: an endpoint that was ready by then is whole, and the runtime's DEL ends it
      if (step !== 'complete.record') await crashLab.expectBooks();
      await expectNothing();
    },
  );
});

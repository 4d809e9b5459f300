import { describe, expect, it } from 'vitest';
import type { StepName } from '../../conf/step.ts';
import { type Pod, parseNetwork, ping } from '../../test-harness/index.ts';
import { Ward } from '../fixtures/crash/crash-lab.ts';
import { shared } from '../fixtures/shared-fixture.ts';

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
  let ward: Ward;
  let victim: Pod;
  shared(async () => {
    ward = await Ward.open({ pods: false, network });
    victim = await ward.node.addPod('victim');
    return ward;
  });

  async function expectNothing(): Promise<void> {
    await ward.delete(victim);
    await ward.expectBooks();
    const files = await ward.node.listFolder('/var/lib/cni/networks/chain');
    expect(files.filter((name) => name.startsWith('10.'))).toEqual([]);
  }

  it.each(addSteps)('an ADD that dies after %s leaves nothing of ours, and the pair to its maker', async (step) => {
    await ward.arm({ step, phase: 'after' });
    expect(await ward.tryAdd(victim)).toBe(false);
    expect(await ward.disarm()).toBe(true);
    await ward.expectBooks();
    expect((await victim.exec(['ip', 'link', 'show', 'eth0'])).code).toBe(0);
    await expectNothing();
  });

  it('a DEL that dies after it has asked the daemon is made good by the next', async () => {
    await ward.add(victim);
    await ward.expectBooks(victim);
    expect(await ping(ward.node, victim, { family: 4 })).toMatchObject({ reached: true });
    await ward.arm({ step: 'del.disconnect', phase: 'after' });
    expect(await ward.tryDelete(victim)).toBe(false);
    expect(await ward.disarm()).toBe(true);
    await ward.expectBooks();
    await expectNothing();
  });

  it.each(['connect.record', 'rows.address', 'complete.record'] as const)(
    'an ADD whose daemon dies after %s leaves nothing behind a DEL',
    async (step) => {
      await ward.arm({ step, phase: 'after' });
      const added = ward.tryAdd(victim);
      await Promise.race([ward.daemon.ended, added]);
      expect(await ward.disarm()).toBe(true);
      await ward.restart();
      expect(await added).toBe(false);
      // the device is not ours to take back: an endpoint that was ready by then is whole, and the runtime's DEL ends it
      if (step !== 'complete.record') await ward.expectBooks();
      await expectNothing();
    },
  );
});

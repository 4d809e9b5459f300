import { describe, expect, it, vi } from 'vitest';
import { attachmentOf, type Pod, parseNetwork, ping, tcpEcho } from '../../test-harness/index.ts';
import { dualStack } from '../fixtures/axoneme.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

/* Pods of the bridge plugin on a bridge that is a native device too: what they send to the node arrives there as if from outside. */

const ipam = {
  type: 'host-local',
  ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd01::/120' }]],
  routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
};
const network = parseNetwork(
  JSON.stringify({
    cniVersion: '1.0.0',
    name: 'bridged',
    plugins: [{ type: 'bridge', bridge: 'br0', isGateway: true, ipam }, { type: 'axoneme-cni' }],
  }),
);

describe('pods on a bridge that is a native device', () => {
  let site: TestNode;
  let one: Pod;
  let two: Pod;
  let own: Pod;
  sharedFixture(async () => {
    site = await TestNode.open({ network, config: { ...dualStack, devices: 'eth+ br0' } });
    const add = async (name: string) => {
      const pod = await site.node.addPod(name);
      await site.runtime.add(site.network, attachmentOf(pod));
      return pod;
    };
    [one, two] = [await add('one'), await add('two')];
    own = await site.node.addPod('own');
    const network1 = parseNetwork(JSON.stringify({ cniVersion: '1.1.0', name: 'own', plugins: [{ type: 'axoneme-cni' }] }));
    await site.runtime.add(network1, attachmentOf(own));
    // Before its program is attached, packets that arrive by the bridge are not judged.
    const attached = ['test', '-e', '/sys/fs/bpf/axoneme/v1/links/br0/ingress'];
    await vi.waitFor(() => site.node.run(attached), { timeout: 60_000 });
    return site;
  });

  it.each([4, 6] as const)('reach each other, the node and its other pods, IPv%i', async (family) => {
    // IPv6 addresses of the bridge plugin, pods' and gateway's, are tentative at first.
    for (const to of [two, site.node]) {
      await expect.poll(() => ping(one, to, { family }), { timeout: 60_000 }).toMatchObject({ reached: true });
    }
    expect(await tcpEcho(one, own, { family })).toMatchObject({ reached: true });
    expect(await tcpEcho(own, one, { family })).toMatchObject({ reached: true });
  });
});

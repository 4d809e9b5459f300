import { attachmentOf, Lab, type Network, type Node, type Pod, Runtime, snapshot, tcpEcho } from 'axoneme/test-harness';
import 'axoneme/test-harness/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/* The reference plugin `bridge` with masquerading and a chained `portmap`, as Debian's containernetworking-plugins installs them. */

const conflist = {
  cniVersion: '1.0.0',
  name: 'bridged',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.89.0.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};

describe('the reference bridge', () => {
  let lab: Lab;
  let node: Node;
  let runtime: Runtime;
  let network: Network;
  let web: Pod;

  beforeAll(async () => {
    lab = await Lab.create({ nodes: { node1: {} }, hosts: { outside: {} }, links: [{ between: ['node1', 'outside'] }] });
    node = lab.node('node1');
    await node.writeFile('/etc/cni/net.d/10-bridged.conflist', JSON.stringify(conflist));
    runtime = new Runtime(node, { pluginDirs: ['/usr/lib/cni'] });
    network = await runtime.network('bridged');
    web = await node.addPod('web');
    const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }];
    await runtime.add(network, attachmentOf(web, { capabilityArgs: { portMappings } }));
  });
  afterAll(() => lab.close());

  it('makes one bridge, which has the gateway address', async () => {
    await expect(node).toHaveInterface('cni0', { kind: 'bridge', up: true });
    await expect(node).toHaveAddress('10.89.0.1/24', { dev: 'cni0' });
    await expect(web).toHaveRoute({ destination: 'default', via: '10.89.0.1', dev: 'eth0' });
  });

  it('connects pods with each other', async () => {
    const db = await node.addPod('db');
    await runtime.add(network, attachmentOf(db));
    await expect(db).toReach(web, { icmp: true });
    await expect(web).toReach(db, { tcp: 5432 });
  });

  it("shows the node's address to the world: it masquerades", async () => {
    const outside = lab.machine('outside');
    expect(await tcpEcho(web, outside)).toMatchObject({ reached: true, seenFrom: await node.address(4) });
  });

  it('passes CHECK right after ADD', async () => {
    await runtime.check(network, attachmentOf(web));
  });

  it('leaves no address, device or route of a pod that is gone', async () => {
    const ignore = /last_reserved_ip/;
    const before = await snapshot(node, { ignore });
    const passing = await node.addPod('passing');
    await runtime.add(network, attachmentOf(passing));
    await runtime.del(network, attachmentOf(passing));
    await node.removePod(passing);
    await expect(node).toLeakNothing(before);
  });
});

import { describe, expect, it } from 'vitest';
import { attachmentOf, type Family, type Machine, type Pod, parseNetwork, ping, tcpEcho, udpEcho } from '../../test-harness/index.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

/** 1.0.0 is the newest version that the reference plugins of Debian 12 speak. */
function network(...plugins: object[]) {
  return parseNetwork(JSON.stringify({ cniVersion: '1.0.0', name: 'chain', plugins }));
}

const axoneme = { type: 'axoneme-cni' };
const portmap = { type: 'portmap', capabilities: { portMappings: true } };
const firewall = { type: 'firewall' };
const ranges = [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd01::/120' }]];
const ipam = { type: 'host-local', ranges, routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }] };
const bridge = { type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: true, ipam };
const ptp = { type: 'ptp', ipMasq: true, ipam };

/** The same port on the node and in the pod, so that one echo serves for both. */
const PORT = 8080;
const capabilityArgs = {
  portMappings: ['tcp', 'udp'].map((protocol) => ({ hostPort: PORT, containerPort: PORT, protocol })),
};

async function open(...plugins: object[]): Promise<TestNode> {
  const site = await TestNode.open({ network: network(...plugins) });
  await site.node.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
  return site;
}

async function add(site: TestNode, name: string, capabilities: Readonly<Record<string, unknown>> = {}): Promise<Pod> {
  const pod = await site.node.addPod(name);
  await site.runtime.add(site.network, attachmentOf(pod, { capabilityArgs: capabilities }));
  return pod;
}

/** Through a port of the node to the pod behind it. */
async function throughHostPort(from: Machine | Pod, site: TestNode, pod: Pod, family: Family = 4) {
  return tcpEcho(from, pod, { family, address: await site.node.address(family), port: PORT });
}

describe('axoneme with portmap and firewall behind it', () => {
  let site: TestNode;
  let web: Pod;
  let plain: Pod;
  sharedFixture(async () => {
    site = await open({ ...axoneme, capabilities: { portMappings: true } }, portmap, firewall);
    web = await add(site, 'web', capabilityArgs);
    plain = await add(site, 'plain');
    return site;
  });

  it.each([4, 6] as const)('serves a port of the node to the outside and to other pods, IPv%i', async (family) => {
    expect(await throughHostPort(site.outside, site, web, family)).toMatchObject({ reached: true });
    expect(await throughHostPort(plain, site, web, family)).toMatchObject({ reached: true });
  });

  it('serves datagrams too', async () => {
    const address = await site.node.address(4);
    expect(await udpEcho(site.outside, web, { address, port: PORT })).toMatchObject({ reached: true });
  });

  it.each([4, 6] as const)('reaches all others as before, and they it, IPv%i', async (family) => {
    for (const [from, to] of [
      [web, plain],
      [plain, web],
      [web, site.outside],
      [site.outside, web],
      [web, site.node],
    ] as const) {
      expect(await tcpEcho(from, to, { family })).toMatchObject({ reached: true });
      expect(await ping(from, to, { family })).toMatchObject({ reached: true });
    }
  });

  it('is found whole, and goes without a trace', async () => {
    const before = await site.state();
    const pod = await add(site, 'passing');
    await site.runtime.check(site.network, attachmentOf(pod));
    // portmap's own CHECK (1.1.1) looks for IPv4 rules among those of IPv6 when a pod has both families and a port
    await site.runtime.check(network(axoneme), attachmentOf(web));
    await site.delete(pod);
    expect((await site.state()).tables).toEqual(before.tables);
  });
});

describe.each([
  ['bridge', bridge],
  ['ptp', ptp],
])('axoneme behind %s, portmap behind both', (_name, first) => {
  let site: TestNode;
  let web: Pod;
  let plain: Pod;
  sharedFixture(async () => {
    site = await open(first, { ...axoneme, capabilities: { portMappings: true } }, portmap);
    const pod = await add(site, 'warm');
    await site.delete(pod);
    web = await add(site, 'web', capabilityArgs);
    plain = await add(site, 'plain');
    return site;
  });

  it('carries what the other plugin carries: pods, node, and the masqueraded way out', async () => {
    expect(await tcpEcho(web, plain)).toMatchObject({ reached: true });
    expect(await ping(plain, web)).toMatchObject({ reached: true });
    expect(await ping(web, site.node)).toMatchObject({ reached: true });
    expect(await ping(site.node, web)).toMatchObject({ reached: true });
    for (const family of [4, 6] as const) {
      const seenFrom = await site.node.address(family);
      // The first packet waits for neighbours and duplicate detection of a bridge that is new.
      await expect.poll(() => tcpEcho(web, site.outside, { family })).toMatchObject({ reached: true, seenFrom });
    }
  });

  it('serves a port of the node to the outside', async () => {
    expect(await throughHostPort(site.outside, site, web)).toMatchObject({ reached: true });
  });

  it('adopts device and address, and sees to it that a pod speaks for itself only', async () => {
    const endpoints = JSON.parse(await site.cli('endpoint', 'list', '-o', 'json')) as Record<string, unknown>[];
    expect(endpoints).toHaveLength(2);
    for (const endpoint of endpoints) {
      expect(endpoint).toMatchObject({ chained: true, hostIfname: expect.stringMatching(/^veth/), ipv4: { pool: 'chained' } });
    }
    await web.run(['ip', 'address', 'add', '10.1.0.200/32', 'dev', 'eth0']);
    expect(await ping(web, site.node, { source: '10.1.0.200' })).toMatchObject({ reached: false });
    await web.run(['ip', 'address', 'delete', '10.1.0.200/32', 'dev', 'eth0']);
  });

  it('is found whole, and gets a program back that was taken off; a DEL takes them and leaves the rest to the other plugin', async () => {
    const before = await site.state();
    const pod = await add(site, 'passing');
    const attachment = attachmentOf(pod);
    await site.runtime.check(site.network, attachment);
    const [folder] = (await site.node.run(['sh', '-c', 'ls -td /sys/fs/bpf/axoneme/v1/links/lxc*'])).split('\n');
    await site.node.run(['rm', `${folder}/ingress`]);
    await expect.poll(() => site.node.exists(`${folder}/ingress`)).toBe(true);
    await site.runtime.check(site.network, attachment);
    await site.delete(pod);
    const after = await site.state();
    expect(after.tables).toEqual(before.tables);
  });

  it('stays through a restart of the daemon', async () => {
    site.daemon.signal('SIGKILL');
    expect(await tcpEcho(web, plain)).toMatchObject({ reached: true });
    await site.restart();
    expect(await tcpEcho(plain, web)).toMatchObject({ reached: true });
    await site.runtime.check(site.network, attachmentOf(plain));
  });

  it('is deleted while the daemon is away, and forgotten at its start', async () => {
    const pod = await add(site, 'orphan');
    const count = async () => (JSON.parse(await site.cli('endpoint', 'list', '-o', 'json')) as unknown[]).length;
    expect(await count()).toBe(3);
    site.daemon.signal('SIGKILL');
    await site.delete(pod);
    await site.restart();
    expect(await count()).toBe(2);
  });
});

describe('bandwidth', () => {
  it.each(['ingress', 'egress'])('of a pod is shaped behind bridge and axoneme: %s', async (direction) => {
    const bandwidth = { type: 'bandwidth', capabilities: { bandwidth: true } };
    await using site = await open(bridge, { ...axoneme, capabilities: { bandwidth: true } }, bandwidth);
    const slow = await add(site, 'slow', { bandwidth: { [`${direction}Rate`]: 8e6, [`${direction}Burst`]: 4e5 } });
    const fast = await add(site, 'fast');
    const other = await add(site, 'other');
    // a megabyte at 8 Mbit/s
    const [shaped, unshaped] = [
      await tcpEcho(slow, fast, { bytes: 1_000_000, timeout: 60_000 }),
      await tcpEcho(other, fast, { bytes: 1_000_000, timeout: 60_000 }),
    ];
    expect([shaped.reached, unshaped.reached]).toEqual([true, true]);
    expect(shaped.duration).toBeGreaterThan(800);
    expect(unshaped.duration).toBeLessThan(shaped.duration);
  });

  it('is refused where axoneme is the first: it would not be shaped', async () => {
    await using site = await open({ ...axoneme, capabilities: { bandwidth: true } });
    const refused = add(site, 'slow', { bandwidth: { ingressRate: 8e6, ingressBurst: 4e5 } });
    await expect(refused).rejects.toMatchObject({ code: 2, msg: expect.stringContaining('bandwidth') });
  });
});

import { describe, expect, it } from 'vitest';
import { bindUdp, Lab, type NetworkNamespace, type Pod, parseNetwork, pathMtu, ping, tcpEcho, udpEcho } from '../../test-harness/index.ts';
import { dualStack } from '../fixtures/axoneme.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';
import { NARROW } from '../fixtures/test-topology.ts';

/** Below that of every cable; not below the 1280 that IPv6 needs (RFC 8200, section 5). */
const POD_MTU = 1280;

const families = [4, 6] as const;

/** First address of the node's block: the pods' gateway. */
const routers = { 4: '10.0.0.1', 6: 'fd00::1' } as const;

describe('pods of one node', () => {
  let site: TestNode;
  let web: Pod;
  let db: Pod;
  sharedFixture(async () => {
    site = await TestNode.open();
    [web, db] = (await site.pods('web', 'db')) as [Pod, Pod];
    return site;
  });

  const pairs: readonly (readonly [string, () => readonly [NetworkNamespace, NetworkNamespace]])[] = [
    ['pod to pod', () => [web, db]],
    ['pod to node', () => [web, site.node]],
    ['node to pod', () => [site.node, web]],
    ['pod to outside', () => [web, site.outside]],
    ['outside to pod', () => [site.outside, web]],
  ];

  describe.each(families)('over IPv%i', (family) => {
    it.each(pairs)('carry ICMP, TCP and UDP from %s', async (_, ends) => {
      const [from, to] = ends();
      expect(await ping(from, to, { family })).toMatchObject({ reached: true });
      expect(await tcpEcho(from, to, { family })).toMatchObject({ reached: true, seenFrom: await sourceOf(from, family) });
      expect(await udpEcho(from, to, { family })).toMatchObject({ reached: true, seenFrom: await sourceOf(from, family) });
    });

    it('carry large TCP transfers in both directions', async () => {
      const bytes = 1 << 20;
      expect(await tcpEcho(web, db, { family, bytes })).toMatchObject({ reached: true });
      expect(await tcpEcho(web, site.outside, { family, bytes })).toMatchObject({ reached: true });
    });

    it('carry datagrams that must be cut into fragments', async () => {
      // the first one only finds out the MTU of the way
      await udpEcho(web, site.outside, { family, bytes: 1400, timeout: 200 });
      for (const to of [db, site.node, site.outside]) {
        expect(await udpEcho(web, to, { family, bytes: 4000 }), `to ${to.name}`).toMatchObject({ reached: true });
      }
      expect(await udpEcho(site.outside, web, { family, bytes: 4000 })).toMatchObject({ reached: true });
    });

    it('reach themselves and their router', async () => {
      expect(await ping(web, routers[family])).toMatchObject({ reached: true });
      expect(await tcpEcho(web, web, { family })).toMatchObject({ reached: true });
    });

    it('find the MTU of the way, and that of a pod next door', async () => {
      expect(await pathMtu(web, site.outside, { family })).toBe(NARROW);
      expect(await pathMtu(web, db, { family })).toBe(1500);
    });

    it('are told who ended the life of a packet, hop by hop', async () => {
      const hops = [];
      for (const ttl of [1, 2, 3]) hops.push((await ping(web, site.outside, { family, ttl })).errorFrom ?? 'reached');
      expect(hops).toEqual([routers[family], family === 4 ? '198.18.0.2' : '2001:db8::2', 'reached']);
    });

    it('are hidden behind the router when the life of a packet from outside ends on the node', async () => {
      const expired = await ping(site.outside, web, { family, ttl: 2 });
      expect(expired).toMatchObject({ reached: false, errorFrom: routers[family] });
    });

    it('do not reach an address of the pod range that no pod has', async () => {
      const nobody = family === 4 ? '10.0.0.77' : 'fd00::77';
      expect(await ping(web, nobody, { timeout: 500 })).toMatchObject({ reached: false });
      expect(await ping(site.outside, nobody, { timeout: 500 })).toMatchObject({ reached: false });
    });

    it('cannot use an address that is not theirs', async () => {
      const stolen = family === 4 ? '10.0.0.99' : 'fd00::99';
      await web.run(['ip', 'address', 'add', `${stolen}/${family === 4 ? 32 : 128}`, 'dev', 'eth0', ...(family === 6 ? ['nodad'] : [])]);
      expect(await delivered(web, stolen, db, family)).toBe(false);
      expect(await delivered(web, stolen, site.outside, family)).toBe(false);
      expect(await drops('spoofed source')).toBeGreaterThanOrEqual(2);
      await web.run(['ip', 'address', 'delete', `${stolen}/${family === 4 ? 32 : 128}`, 'dev', 'eth0']);
      expect(await delivered(web, await web.address(family), db, family, 20_000)).toBe(true);
    });
  });

  it('cannot use a hardware address that is not theirs', async () => {
    const [mac] = /(?<=link\/ether )\S+/.exec(await web.run(['ip', 'link', 'show', 'eth0'])) ?? [''];
    await web.run(['ip', 'link', 'set', 'eth0', 'address', '02:00:00:00:00:99']);
    expect(await udpEcho(web, db, { timeout: 300 })).toMatchObject({ reached: false });
    expect(await drops('spoofed mac')).toBeGreaterThanOrEqual(1);
    await web.run(['ip', 'link', 'set', 'eth0', 'address', mac]);
    expect(await udpEcho(web, db)).toMatchObject({ reached: true });
  });

  it('carry traffic between all of them at once', async () => {
    const all = [web, db, ...(await site.pods('three', 'four'))];
    const answers = all.flatMap((from) => all.flatMap((to) => families.map((family) => tcpEcho(from, to, { family }))));
    expect((await Promise.all(answers)).filter((answer) => !answer.reached)).toEqual([]);
  });

  async function sourceOf(from: NetworkNamespace, family: 4 | 6): Promise<string> {
    // the node speaks to its pods as the router
    if (from === site.node) return routers[family];
    return from.address(family);
  }

  async function drops(reason: string): Promise<number> {
    const status = JSON.parse(await site.cli('status', '-o', 'json')) as { drops: { reason: string; packets: string }[] };
    return status.drops.filter((row) => row.reason.toLowerCase() === reason).reduce((sum, row) => sum + Number(row.packets), 0);
  }
});

describe('a pod with an MTU smaller than its node', () => {
  let site: TestNode;
  let small: Pod;
  sharedFixture(async () => {
    const network = parseNetwork(JSON.stringify({ cniVersion: '1.1.0', name: 'small', plugins: [{ type: 'axoneme-cni', mtu: POD_MTU }] }));
    site = await TestNode.open({ network });
    [small] = (await site.pods('small')) as [Pod];
    return site;
  });

  it.each(families)('is found out from outside and from the node over IPv%i', async (family) => {
    expect(await pathMtu(site.outside, small, { family, linkMtu: NARROW })).toBe(POD_MTU);
    expect(await pathMtu(site.node, small, { family })).toBe(POD_MTU);
  });

  it.each(families)('takes large TCP transfers from outside over IPv%i', async (family) => {
    expect(await tcpEcho(site.outside, small, { family, bytes: 1 << 18 })).toMatchObject({ reached: true });
  });
});

describe('pods of two nodes whose routers know the way', () => {
  let lab: Lab;
  let pods: Pod[];
  sharedFixture(async () => {
    const cable = (node: string) => ({ between: [node, 'gateway'] as const });
    lab = await Lab.create({ nodes: { node1: {}, node2: {} }, routers: { gateway: {} }, links: [cable('node1'), cable('node2')] });
    pods = await Promise.all([carrier('node1', ['10.1.0.0/24', 'fd01::/120']), carrier('node2', ['10.2.0.0/24', 'fd02::/120'])]);
    return lab;
  });

  async function carrier(name: string, [ipv4 = '', ipv6 = '']: readonly string[]): Promise<Pod> {
    const operator = {
      clusterPoolIPv4PodCIDRList: [ipv4],
      clusterPoolIPv4MaskSize: 24,
      clusterPoolIPv6PodCIDRList: [ipv6],
      clusterPoolIPv6MaskSize: 120,
    };
    await lab.announce(lab.node(name), [ipv4, ipv6]);
    const axoneme = await TestNode.start(lab.node(name), { config: { ...dualStack, ipam: { ...dualStack.ipam, operator } } });
    return (await axoneme.add('pod')).pod;
  }

  it.each(families)('reach each other and the other node over IPv%i, as themselves', async (family) => {
    const [left, right] = pods as [Pod, Pod];
    for (const [from, to] of [
      [left, right],
      [right, left],
      [left, lab.node('node2')],
      [right, lab.node('node1')],
    ] as const) {
      expect(await ping(from, to, { family })).toMatchObject({ reached: true });
      expect(await tcpEcho(from, to, { family })).toMatchObject({ reached: true, seenFrom: await from.address(family) });
      expect(await udpEcho(from, to, { family, bytes: 4000 })).toMatchObject({ reached: true });
    }
  });
});

/** Whether a datagram with that source address arrives, in as many milliseconds. */
async function delivered(from: NetworkNamespace, source: string, to: NetworkNamespace, family: 4 | 6, timeout = 300): Promise<boolean> {
  const server = await bindUdp(to, family);
  const client = await bindUdp(from, family, 0, source);
  try {
    const arrived = new Promise<boolean>((resolve) => {
      server.once('message', () => resolve(true));
      setTimeout(() => resolve(false), timeout);
    });
    client.send('x', server.address().port, await to.address(family));
    return await arrived;
  } finally {
    server.close();
    client.close();
  }
}

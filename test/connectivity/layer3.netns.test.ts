import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lab, type Machine, type Node, type Pod, pathMtu, ping, tcpEcho, udpEcho } from '../../test-harness/index.ts';
import { dualStack } from '../fixtures/axoneme.ts';
import { TestNode } from '../fixtures/test-node.ts';
import { TunLink } from '../fixtures/tun-link.ts';

/* A node whose only way out is a device without a link layer: tun here; WireGuard and PPP hand over the same bare packets. */

const families = [4, 6] as const;
const routers = { 4: '10.0.0.1', 6: 'fd00::1' } as const;
/** Below that of the pods, so that there is a path MTU to find. */
const TUN_MTU = 1400;

const ends = [
  { family: 4, node: '100.64.0.1', outside: '100.64.0.2', length: 24, pods: '10.0.0.0/8' },
  { family: 6, node: 'fd64::1', outside: 'fd64::2', length: 64, pods: 'fd00::/104' },
] as const;

/** Addresses, routes and MTU of both ends; the node gets its default routes. */
async function configure(node: Machine, outside: Machine): Promise<void> {
  for (const machine of [node, outside]) await machine.run(['ip', 'link', 'set', 'tun0', 'mtu', `${TUN_MTU}`, 'up']);
  for (const { family, length, pods, ...address } of ends) {
    const options = family === 6 ? ['nodad'] : [];
    await node.run(['ip', 'address', 'add', `${address.node}/${length}`, 'dev', 'tun0', ...options]);
    await outside.run(['ip', 'address', 'add', `${address.outside}/${length}`, 'dev', 'tun0', ...options]);
    await node.run(['ip', `-${family}`, 'route', 'add', 'default', 'dev', 'tun0']);
    await outside.run(['ip', `-${family}`, 'route', 'add', pods, 'dev', 'tun0']);
  }
}

describe('a node whose default routes lead to a tun device', () => {
  let lab: Lab;
  let link: TunLink;
  let axoneme: TestNode;
  let node: Node;
  let outside: Machine;
  let web: Pod;
  beforeAll(async () => {
    lab = await Lab.create({ nodes: { node1: {} }, hosts: { outside: {} }, links: [] });
    [node, outside] = [lab.node('node1'), lab.machine('outside')];
    link = await TunLink.open(node, outside);
    await configure(node, outside);
    axoneme = await TestNode.start(node, { config: { ...dualStack, MTU: 1500 } });
    ({ pod: web } = await axoneme.add('web'));
  });
  afterAll(async () => {
    await link?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  const faraway = (family: 4 | 6) => ends.find((end) => end.family === family)?.outside ?? '';

  it('has a program there, and does not forward by itself', async () => {
    expect(await node.exists('/sys/fs/bpf/axoneme/v1/links/tun0/ingress')).toBe(true);
    expect(await node.run(['cat', '/proc/sys/net/ipv4/conf/tun0/forwarding', '/proc/sys/net/ipv6/conf/tun0/forwarding'])).toBe('0\n0\n');
  });

  it.each(families)('carries ICMP, UDP and TCP between pods and outside, IPv%i', async (family) => {
    expect(await ping(web, faraway(family), { family })).toMatchObject({ reached: true });
    expect(await ping(outside, web, { family })).toMatchObject({ reached: true });
    expect(await udpEcho(outside, web, { family })).toMatchObject({ reached: true });
    expect(await tcpEcho(outside, web, { family, bytes: 1 << 18 })).toMatchObject({ reached: true });
    expect(await tcpEcho(web, outside, { family, bytes: 1 << 18 })).toMatchObject({ reached: true });
  });

  it.each(families)('carries fragments both ways, IPv%i', async (family) => {
    await udpEcho(web, outside, { family, bytes: 1450, timeout: 300 });
    expect(await udpEcho(web, outside, { family, bytes: 4000 })).toMatchObject({ reached: true });
    expect(await udpEcho(outside, web, { family, bytes: 4000 })).toMatchObject({ reached: true });
  });

  it.each(families)('still reaches the node itself, IPv%i', async (family) => {
    expect(await ping(outside, node, { family })).toMatchObject({ reached: true });
    expect(await ping(web, node, { family })).toMatchObject({ reached: true });
  });

  it.each(families)('answers errors by that device, IPv%i', async (family) => {
    expect(await ping(outside, web, { family, ttl: 1 })).toMatchObject({ reached: false, errorFrom: routers[family] });
    expect(await pathMtu(web, outside, { family })).toBe(TUN_MTU);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setSysctl } from '../native/index.ts';
import { Frame } from './testing/frame.ts';
import { BpfLab, beyond } from './testing/lab.ts';
import { neighbour, node, router, self, sentBy, type TestPod } from './testing/world.ts';

/* Frames that no stack sends by itself, on a real wire: a packet socket puts them there, and the receiver's own counters tell what arrived. */

let lab: BpfLab;
/** A frame as the outside host sends it to the node. */
let fromOutside: Frame;
beforeAll(async () => {
  lab = await BpfLab.open();
  const macOf = (place: string) => /link\/ether (\S+)/.exec(lab.run(place, 'ip', 'link', 'show', 'eth0').output)?.[1] ?? '';
  fromOutside = new Frame().eth(macOf('outside'), macOf('node'));
});
afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
});

/** Datagrams that reached the UDP of a place, where no socket waited for them. */
function arrived(place: string | TestPod): number {
  const { output } = lab.run(place, 'nstat', '-asz', 'UdpNoPorts', 'Udp6NoPorts');
  return [...output.matchAll(/NoPorts\s+(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** How many more datagrams `to` has after `action`. */
function increase(to: string | TestPod, action: () => void): number {
  const before = arrived(to);
  action();
  return arrived(to) - before;
}

describe('a priority tag (VLAN 0)', () => {
  const to = (frame: Frame, source: string) => frame.ip4(source, neighbour.ipv4).udp(1000, 4711);

  it.each([
    ['from outside', () => ['outside', fromOutside, beyond.ipv4] as const],
    ['from a pod', () => [self, sentBy(self), self.ipv4] as const],
  ])('%s counts for nothing, and another tag keeps the frame from the pod', (_, start) => {
    const [place, link, source] = start();
    expect(increase(neighbour, () => lab.send(place, to(link.vlan(0), source)))).toBe(1);
    expect(increase(neighbour, () => lab.send(place, to(link.vlan(0xe000), source)))).toBe(1);
    expect(increase(neighbour, () => lab.send(place, to(link.vlan(5), source)))).toBe(0);
  });
});

describe('addresses that stay inside a host', () => {
  beforeAll(async () => {
    // As kube-proxy sets it: the kernel then takes 127.0.0.1 from any device.
    for (const device of ['all', 'axo_host', 'eth0']) await setSysctl(lab.netnsOf('node'), `net.ipv4.conf.${device}.route_localnet`, '1');
  });

  it('are not reached from a pod', () => {
    expect(increase('node', () => lab.send(self, sentBy(self).ip4(self.ipv4, node.ipv4).udp(1, 4711)))).toBe(1);
    expect(increase('node', () => lab.send(self, sentBy(self).ip4(self.ipv4, '127.0.0.1').udp(1, 4711)))).toBe(0);
    expect(increase('node', () => lab.send(self, sentBy(self).ip6(self.ipv6, '::1').udp(1, 4711)))).toBe(0);
  });

  it('are not reached from outside', () => {
    expect(increase('node', () => lab.send('outside', fromOutside.ip4(beyond.ipv4, node.ipv4).udp(1, 4711)))).toBe(1);
    expect(increase('node', () => lab.send('outside', fromOutside.ip4(beyond.ipv4, '127.0.0.1').udp(1, 4711)))).toBe(0);
  });
});

describe('a packet from outside', () => {
  it.each([
    ['the outside', 1, beyond],
    ["another pod's address", 0, self],
    ["the node's address", 0, node],
    ["the router's address", 0, router],
    ['loopback', 0, { ipv4: '127.0.0.1', ipv6: '::1' }],
  ])('with the source of %s reaches a pod %i times', (_, times, source) => {
    expect(increase(neighbour, () => lab.send('outside', fromOutside.ip4(source.ipv4, neighbour.ipv4).udp(1, 4711)))).toBe(times);
    expect(increase(neighbour, () => lab.send('outside', fromOutside.ip6(source.ipv6, neighbour.ipv6).udp(1, 4711)))).toBe(times);
  });
});

describe('a pod that gives itself a second address', () => {
  it.each([
    ['192.0.2.77/32', router.ipv4, neighbour.ipv4],
    ['2001:db8::77/128', router.ipv6, neighbour.ipv6],
  ])('learns the MAC of its router by %s, and still sends nothing from it', (address, gateway, other) => {
    lab.run(self, 'ip', 'address', 'add', address, 'dev', 'eth0', ...(address.includes(':') ? ['nodad'] : []));
    lab.run(self, 'ip', 'neigh', 'flush', 'dev', 'eth0');
    const from = address.replace(/\/.*/, '');
    expect(lab.run(self, 'ping', '-c', '1', '-W', '1', '-q', '-I', from, other).code).toBe(1);
    expect(lab.run(self, 'ip', 'neigh', 'show', gateway).output).toContain(`lladdr ${self.nodeMac}`);
    lab.run(self, 'ip', 'address', 'delete', address, 'dev', 'eth0');
  });
});

import { describe } from 'vitest';
import { families } from './testing/family.ts';
import { Frame } from './testing/frame.ts';
import { drop, packetTests, pass, redirect, refuse } from './testing/row.ts';
import { narrow, neighbour, nobody, node, outside, receivedBy, router } from './testing/world.ts';

const ingress = { direction: 'INGRESS' } as const;
/** The test device's own MAC is zero, so that a frame to it counts as one for this host. */
const ownMac = '00:00:00:00:00:00';
const gateway = '02:00:00:00:00:fe';
const fromGateway = new Frame().eth(gateway, ownMac);

for (const family of families) {
  const of = family.of;
  const to = (destination: string, hops?: number) => family.ip(fromGateway, of(outside), destination, hops);
  const error = (kind: keyof typeof family.icmp, about: Frame, info = 0) =>
    family
      .errorHeader(new Frame().eth(ownMac, gateway), of(router), of(outside))
      .icmp(...family.icmp[kind], info)
      .payload(about.quote());

  describe(`axo_from_netdev, ${family.name}`, () => {
    const lastHop = to(of(neighbour), 1).tcp(80, 1000).payload(200);
    const big = to(of(narrow)).udp(1, 2).payload(1400);
    packetTests('axo_from_netdev', ingress, [
      {
        it: 'sends a packet for a pod straight into it, one hop older',
        when: to(of(neighbour)).tcp(80, 1000).payload(200),
        expect: redirect(family.ip(receivedBy(neighbour), of(outside), of(neighbour), 63).tcp(80, 1000).payload(200)),
      },
      { it: 'answers "time exceeded" by the way it came', when: lastHop, expect: refuse('TTL_EXCEEDED', error('timeExceeded', lastHop)) },
      { it: 'answers "too big" with the MTU of the pod', when: big, expect: refuse('TOO_BIG', error('tooBig', big, narrow.mtu)) },
      {
        it: 'answers nobody by a frame to a whole link',
        when: family.ip(new Frame().eth('ff:ff:ff:ff:ff:ff', ownMac), of(outside), of(neighbour), 1).udp(1, 2),
        expect: drop('TTL_EXCEEDED'),
      },
      { it: "leaves the node's own packets to its stack", when: to(of(node)).udp(1, 2), expect: pass('HOST') },
      { it: 'leaves the router address to the stack', when: to(of(router)).udp(1, 2), expect: pass('HOST') },
      { it: 'leaves addresses that no pod has to the stack', when: to(of(nobody)).udp(1, 2), expect: pass('HOST') },
      {
        it: 'leaves frames for another MAC alone',
        when: family.ip(new Frame().eth(gateway, '02:00:00:00:00:77'), of(outside), of(neighbour)).udp(1, 2),
        expect: pass('HOST'),
      },
    ]);
  });
}

describe('axo_from_netdev, frames', () => {
  packetTests('axo_from_netdev', ingress, [
    {
      it: 'leaves VLAN tags to the device above',
      when: fromGateway.vlan(5).ip4(outside.ipv4, neighbour.ipv4).udp(1, 2),
      expect: pass('HOST'),
    },
    { it: 'leaves ARP to the stack', when: fromGateway.arp(1, [gateway, outside.ipv4], [ownMac, node.ipv4]), expect: pass('HOST') },
    {
      it: 'leaves malformed packets to the stack',
      when: fromGateway.ip4(outside.ipv4, neighbour.ipv4, { totalLength: 900 }).udp(1, 2),
      expect: pass('HOST'),
    },
    {
      it: 'forwards a later fragment to a pod',
      when: fromGateway.ip4(outside.ipv4, neighbour.ipv4, { offset: 64 }).payload(64, 17),
      expect: redirect(receivedBy(neighbour).ip4(outside.ipv4, neighbour.ipv4, { offset: 64, ttl: 63 }).payload(64, 17)),
    },
    {
      it: 'does not answer about multicast sources',
      when: fromGateway.ip4('224.0.0.1', neighbour.ipv4, { ttl: 1 }).udp(1, 2),
      expect: drop('MARTIAN_SOURCE'),
    },
  ]);
});

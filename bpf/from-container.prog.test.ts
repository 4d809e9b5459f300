import { describe, expect, it } from 'vitest';
import { Datapath } from './testing/datapath.ts';
import { families, talk } from './testing/family.ts';
import { Frame } from './testing/frame.ts';
import { drop, packetTests, type Row, redirect, refuse } from './testing/row.ts';
import { host, narrow, neighbour, nobody, receivedBy, router, self, sentBy } from './testing/world.ts';

const TC_ACT_SHOT = 2;
const egress = { direction: 'EGRESS' } as const;
const broadcast = 'ff:ff:ff:ff:ff:ff';

for (const family of families) {
  const { own, router, node, outside, to, arrives, error } = talk(family);
  const of = family.of;
  const ip = (source: string, destination: string) => family.ip(sentBy(self), source, destination);

  describe(`axo_from_container, ${family.name}`, () => {
    const lastHop = to(of(neighbour), 1).udp(1000, 53).payload(100);
    const big = to(of(narrow)).udp(1000, 53).payload(1300);
    packetTests('axo_from_container', egress, [
      {
        it: 'sends a packet for another pod straight into it, one hop older',
        when: to(of(neighbour)).udp(1000, 53).payload(10),
        expect: redirect(arrives(neighbour, own).udp(1000, 53).payload(10)),
      },
      {
        it: 'sends TCP to another pod, checksum and all',
        when: to(of(neighbour)).tcp(1000, 80).payload(10),
        expect: redirect(arrives(neighbour, own).tcp(1000, 80).payload(10)),
      },
      {
        it: 'lets a pod talk to itself through the router',
        when: to(own).udp(1000, 53).payload(10),
        expect: redirect(arrives(self, own).udp(1000, 53).payload(10)),
      },
      {
        it: 'delivers with two hops left',
        when: to(of(neighbour), 2).udp(1000, 53),
        expect: redirect(arrives(neighbour, own, 1).udp(1000, 53)),
      },
      {
        it: 'answers "time exceeded" when the last hop is ours',
        when: lastHop,
        expect: refuse('TTL_EXCEEDED', error('timeExceeded', lastHop)),
      },
      {
        it: 'says nothing about an ICMP error whose hops ended',
        when: to(of(neighbour), 1)
          .icmp(...family.icmp.unreachable)
          .payload(48),
        expect: drop('TTL_EXCEEDED'),
      },
      {
        it: 'answers "too big" with the MTU of the pod that it does not fit',
        when: big,
        expect: refuse('TOO_BIG', error('tooBig', big, narrow.mtu)),
      },
      {
        it: 'lets a packet of exactly the MTU through',
        when: to(of(narrow))
          .udp(1000, 53)
          .payload(narrow.mtu - 8 - (family.name === 'IPv4' ? 20 : 40)),
        expect: redirect(
          arrives(narrow, own)
            .udp(1000, 53)
            .payload(narrow.mtu - 8 - (family.name === 'IPv4' ? 20 : 40)),
        ),
      },
      {
        it: 'lets a GSO packet through whose segments fit',
        when: to(of(narrow)).tcp(1000, 80).payload(3000),
        gsoSize: 1200,
        expect: redirect(arrives(narrow, own).tcp(1000, 80).payload(3000)),
      },
      {
        it: 'answers "too big" to a GSO packet whose segments do not fit',
        when: to(of(narrow)).tcp(1000, 80).payload(3000),
        gsoSize: 1300,
        expect: refuse('TOO_BIG', error('tooBig', to(of(narrow)).tcp(1000, 80).payload(3000), narrow.mtu)),
      },
      {
        it: 'lets SCTP through whose segments its sender has cut',
        when: to(of(narrow)).payload(3000, 132),
        gsoSize: 0xffff,
        expect: redirect(arrives(narrow, own).payload(3000, 132)),
      },
      {
        it: 'leaves such SCTP to the stack on its way out, which sees the segments',
        when: to(outside).payload(3000, 132),
        gsoSize: 0xffff,
        expect: redirect(family.ip(new Frame().eth(self.mac, host.mac), own, outside).payload(3000, 132)),
      },
      {
        it: 'hands a packet for the router to the node, hops untouched',
        when: to(router).udp(1000, 53).payload(10),
        expect: redirect(family.ip(new Frame().eth(self.mac, host.mac), own, router).udp(1000, 53).payload(10)),
      },
      {
        it: 'hands a packet for the node to the node, even with its last hop',
        when: to(node, 1).icmp(8).payload(56),
        expect: redirect(family.ip(new Frame().eth(self.mac, host.mac), own, node, 1).icmp(8).payload(56)),
      },
      {
        it: 'drops a packet whose source is another pod',
        when: ip(of(neighbour), of(narrow)).udp(1, 2),
        expect: drop('SPOOFED_SOURCE'),
      },
      {
        it: 'drops a packet whose source is nobody',
        when: ip(of(nobody), of(neighbour)).udp(1, 2),
        expect: drop('SPOOFED_SOURCE'),
      },
      {
        it: 'drops a packet with the router as its source',
        when: ip(router, of(neighbour)).udp(1, 2),
        expect: drop('SPOOFED_SOURCE'),
      },
      {
        it: 'drops a packet with the MAC of another pod',
        when: family.ip(new Frame().eth(neighbour.mac, self.nodeMac), own, of(neighbour)).udp(1, 2),
        expect: drop('SPOOFED_MAC'),
      },
      {
        it: 'drops everything from a device without an endpoint',
        when: to(of(neighbour)).udp(1, 2),
        given: (datapath) => datapath.map('axo_devices').delete({ ifindex: 1 }),
        expect: drop('UNKNOWN_DEVICE'),
      },
      {
        it: 'drops a packet that ends inside its ports',
        when: to(of(neighbour)).payload(Uint8Array.of(0, 1, 0), 17),
        expect: drop('INVALID_LAYER4'),
      },
      {
        it: 'forwards a protocol without ports',
        when: to(of(neighbour)).payload(3, 47),
        expect: redirect(arrives(neighbour, own).payload(3, 47)),
      },
    ]);
  });
}

const link = (type?: number) => new Frame().eth(self.mac, self.nodeMac, type);
const frames: Row[] = [
  {
    it: 'takes a priority tag (VLAN 0) off',
    when: link().vlan(0xa000).ip4(self.ipv4, neighbour.ipv4).udp(1, 2),
    expect: redirect(receivedBy(neighbour).ip4(self.ipv4, neighbour.ipv4, { ttl: 63 }).udp(1, 2)),
  },
  {
    it: 'answers ARP behind a priority tag',
    when: link().vlan(0).arp(1, [self.mac, self.ipv4], ['00:00:00:00:00:00', router.ipv4]),
    expect: redirect(receivedBy(self).arp(2, [self.nodeMac, router.ipv4], [self.mac, self.ipv4])),
  },
  {
    it: 'drops IP behind LLC and SNAP, which the kernel does not take for IP either',
    when: link(28)
      .payload(Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0, 8, 0))
      .payload(new Frame().ip4(self.ipv4, neighbour.ipv4).bytes()),
    expect: drop('UNSUPPORTED_ETHERTYPE'),
  },
  {
    it: 'forwards a packet with padding behind it',
    when: link().ip4(self.ipv4, neighbour.ipv4, { totalLength: 28 }).udp(1, 2).payload(18),
    expect: redirect(receivedBy(neighbour).ip4(self.ipv4, neighbour.ipv4, { ttl: 63, totalLength: 28 }).udp(1, 2).payload(18)),
  },
  {
    it: 'reads no ports in padding',
    when: link().ip4(self.ipv4, neighbour.ipv4, { totalLength: 20 }).udp(1, 2).payload(18),
    expect: drop('INVALID_LAYER4'),
  },
  { it: 'drops a VLAN tagged frame', when: link().vlan(5).ip4(self.ipv4, neighbour.ipv4).udp(1, 2), expect: drop('VLAN') },
  { it: 'drops an ethertype that it does not know', when: link(0x88cc).payload(46), expect: drop('UNSUPPORTED_ETHERTYPE') },
  { it: 'drops an 802.3 frame', when: link(0x0030).payload(46), expect: drop('UNSUPPORTED_ETHERTYPE') },
  {
    it: 'delivers although the pod addressed another MAC than its next hop',
    when: new Frame().eth(self.mac, '02:00:00:00:00:99').ip4(self.ipv4, neighbour.ipv4).udp(1, 2),
    expect: redirect(new Frame().eth(neighbour.nodeMac, neighbour.mac).ip4(self.ipv4, neighbour.ipv4, { ttl: 63 }).udp(1, 2)),
  },
  {
    it: 'drops broadcast',
    when: new Frame().eth(self.mac, broadcast).ip4(self.ipv4, '255.255.255.255').udp(68, 67),
    expect: drop('MULTICAST'),
  },
];
describe('axo_from_container, frames', () => {
  packetTests('axo_from_container', egress, frames);

  it('drops a VLAN below a priority tag', async () => {
    using datapath = await Datapath.load('axo_from_container');
    const { verdict, metrics } = datapath.run(link().vlan(0).vlan(5).ip4(self.ipv4, neighbour.ipv4).udp(1, 2).bytes());
    expect({ verdict, metrics }).toEqual({ verdict: TC_ACT_SHOT, metrics: { 'VLAN EGRESS': 1 } });
  });
});

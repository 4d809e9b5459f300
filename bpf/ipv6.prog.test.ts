import { describe } from 'vitest';
import { type Ip6Options, protocols } from './testing/frame.ts';
import { drop, packetTests, type Row, redirect } from './testing/row.ts';
import { neighbour, receivedBy, self, sentBy } from './testing/world.ts';

const to = (options: Ip6Options = {}, destination = neighbour.ipv6) => sentBy(self).ip6(self.ipv6, destination, options);
const arrives = (options: Ip6Options = {}) => receivedBy(neighbour).ip6(self.ipv6, neighbour.ipv6, { ...options, hopLimit: 63 });

const extensions: Row[] = [
  {
    it: 'forwards a packet with a chain of extension headers',
    when: to().extension(protocols.hopByHop).extension(protocols.options, 3).udp(1, 2).payload(4),
    expect: redirect(arrives().extension(protocols.hopByHop).extension(protocols.options, 3).udp(1, 2).payload(4)),
  },
  {
    it: 'forwards a first fragment',
    when: to().fragment(0, true).udp(1, 2).payload(64),
    expect: redirect(arrives().fragment(0, true).udp(1, 2).payload(64)),
  },
  {
    it: 'forwards a later fragment, whose payload is no header',
    when: to().fragment(64).payload(2, protocols.udp),
    expect: redirect(arrives().fragment(64).payload(2, protocols.udp)),
  },
  {
    it: 'forwards a packet without anything behind its header',
    when: to({ nextHeader: protocols.none }),
    expect: redirect(arrives({ nextHeader: protocols.none })),
  },
  {
    it: 'drops a chain that ends in the middle',
    when: to().extension(protocols.hopByHop).payload(Uint8Array.of(0, 0), protocols.options),
    expect: drop('INVALID_EXTENSION'),
  },
  {
    it: 'drops an extension header that is longer than the packet',
    when: to().payload(Uint8Array.of(17, 30, 0, 0, 0, 0, 0, 0), protocols.options),
    expect: drop('INVALID_EXTENSION'),
  },
  {
    it: 'drops a chain that does not end',
    when: Array.from({ length: 7 })
      .reduce<ReturnType<typeof to>>((frame) => frame.extension(protocols.options), to())
      .udp(1, 2),
    expect: drop('INVALID_EXTENSION'),
  },
  {
    it: 'says nothing about an ICMPv6 error behind extension headers',
    when: to({ hopLimit: 1 }).extension(protocols.options).icmp(1, 4).payload(48),
    expect: drop('TTL_EXCEEDED'),
  },
];

describe('axo_from_container, particulars of IPv6', () => {
  packetTests('axo_from_container', { direction: 'EGRESS' }, [
    ...extensions,
    { it: 'drops a version that is not 6', when: to({ version: 4 }).udp(1, 2), expect: drop('INVALID_PACKET') },
    { it: 'drops a length beyond the frame', when: to({ payloadLength: 1000 }).udp(1, 2), expect: drop('INVALID_PACKET') },
    { it: 'drops multicast', when: to({}, 'ff02::fb').udp(5353, 5353), expect: drop('MULTICAST') },
    { it: 'drops what is meant for a link-local address', when: to({}, 'fe80::1').udp(1, 2), expect: drop('LINK_LOCAL') },
    {
      it: 'drops data from a link-local source',
      when: sentBy(self).ip6('fe80::5', neighbour.ipv6).udp(1, 2),
      expect: drop('SPOOFED_SOURCE'),
    },
    {
      it: 'drops an IPv4 address in disguise as destination',
      when: to({}, '0:0:0:0:0:ffff:a00:7').udp(1, 2),
      expect: drop('INVALID_ADDRESS'),
    },
    {
      it: 'drops an IPv4 address in disguise as source',
      when: sentBy(self).ip6('0:0:0:0:0:ffff:a00:5', neighbour.ipv6).udp(1, 2),
      expect: drop('INVALID_ADDRESS'),
    },
    {
      it: 'drops the unspecified source of a device that has no IPv6',
      when: sentBy(self).ip6('::', neighbour.ipv6).udp(1, 2),
      given: (datapath) => {
        const devices = datapath.map('axo_devices');
        const device = devices.get({ ifindex: 1 });
        if (device) devices.set({ ifindex: 1 }, { ...device, ipv6: new Uint8Array(16) });
      },
      expect: drop('SPOOFED_SOURCE'),
    },
  ]);
});

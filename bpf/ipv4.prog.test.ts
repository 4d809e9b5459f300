import { describe } from 'vitest';
import type { Ip4Options } from './testing/frame.ts';
import { drop, packetTests, redirect, refuse } from './testing/row.ts';
import { narrow, neighbour, receivedBy, router, self, sentBy } from './testing/world.ts';

const to = (options: Ip4Options, destination = neighbour.ipv4) => sentBy(self).ip4(self.ipv4, destination, options);
const arrives = (options: Ip4Options) => receivedBy(neighbour).ip4(self.ipv4, neighbour.ipv4, { ...options, ttl: 63 });
const recordRoute = Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 0);

describe('axo_from_container, particulars of IPv4', () => {
  const big = to({}, narrow.ipv4).udp(1, 2).payload(1400);
  packetTests('axo_from_container', { direction: 'EGRESS' }, [
    {
      it: 'forwards a packet with header options',
      when: to({ options: recordRoute }).udp(1, 2).payload(8),
      expect: redirect(arrives({ options: recordRoute }).udp(1, 2).payload(8)),
    },
    {
      it: 'forwards the first fragment',
      when: to({ moreFragments: true, id: 7 }).udp(1, 2).payload(64),
      expect: redirect(arrives({ moreFragments: true, id: 7 }).udp(1, 2).payload(64)),
    },
    {
      it: 'forwards a later fragment, whose payload is no header',
      when: to({ offset: 64, id: 7 }).payload(2, 17),
      expect: redirect(arrives({ offset: 64, id: 7 }).payload(2, 17)),
    },
    {
      it: 'says nothing about a later fragment whose hops ended',
      when: to({ offset: 64, id: 7, ttl: 1 }).payload(64, 17),
      expect: drop('TTL_EXCEEDED'),
    },
    {
      it: 'tells the MTU of a pod also to a sender that allows fragments',
      when: big,
      expect: refuse('TOO_BIG', receivedBy(self).ip4(router.ipv4, self.ipv4, { tos: 0xc0 }).icmp(3, 4, narrow.mtu).payload(big.quote())),
    },
    {
      it: 'keeps the checksum right when it wraps around',
      when: to({ id: 0x1cdc }).udp(1, 2),
      expect: redirect(arrives({ id: 0x1cdc }).udp(1, 2)),
    },
    { it: 'drops a header of less than 20 bytes', when: to({ headerLength: 16 }).udp(1, 2), expect: drop('INVALID_PACKET') },
    { it: 'drops a version that is not 4', when: to({ version: 6 }).udp(1, 2), expect: drop('INVALID_PACKET') },
    { it: 'drops a length beyond the frame', when: to({ totalLength: 1000 }).udp(1, 2), expect: drop('INVALID_PACKET') },
    { it: 'drops a length within the header', when: to({ totalLength: 19 }).udp(1, 2), expect: drop('INVALID_PACKET') },
    { it: 'drops multicast', when: to({}, '224.0.0.251').udp(5353, 5353), expect: drop('MULTICAST') },
    { it: 'drops a source of zero', when: sentBy(self).ip4('0.0.0.0', neighbour.ipv4).udp(68, 67), expect: drop('SPOOFED_SOURCE') },
    {
      it: 'drops the source of a device that has no IPv4',
      when: sentBy(self).ip4('0.0.0.0', neighbour.ipv4).udp(1, 2),
      given: (datapath) => {
        const devices = datapath.map('axo_devices');
        const device = devices.get({ ifindex: 1 });
        if (device) devices.set({ ifindex: 1 }, { ...device, ipv4: new Uint8Array(16) });
      },
      expect: drop('SPOOFED_SOURCE'),
    },
  ]);
});

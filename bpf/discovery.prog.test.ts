import { describe } from 'vitest';
import { address, concat, mac, mapped } from './testing/bytes.ts';
import { Frame, protocols } from './testing/frame.ts';
import { drop, packetTests, redirect, swallow } from './testing/row.ts';
import { neighbour, nobody, receivedBy, router, self, sentBy } from './testing/world.ts';

const egress = { direction: 'EGRESS' } as const;
const zeroMac = '00:00:00:00:00:00';
const toAll = new Frame().eth(self.mac, 'ff:ff:ff:ff:ff:ff');
const asks = (target: string, sender: string = self.ipv4) => toAll.arp(1, [self.mac, sender], [zeroMac, target]);

describe('axo_from_container, ARP', () => {
  const answer = (to: string) => receivedBy(self).arp(2, [self.nodeMac, router.ipv4], [self.mac, to]);
  packetTests('axo_from_container', egress, [
    { it: 'answers for the router with the MAC of the next hop', when: asks(router.ipv4), expect: redirect(answer(self.ipv4)) },
    { it: 'answers a pod that has no address yet', when: asks(router.ipv4, '0.0.0.0'), expect: redirect(answer('0.0.0.0')) },
    { it: 'does not answer for other pods', when: asks(neighbour.ipv4), expect: drop('UNKNOWN_NEIGHBOUR') },
    { it: 'does not answer for nobody', when: asks(nobody.ipv4), expect: drop('UNKNOWN_NEIGHBOUR') },
    { it: 'is silent when a pod asks for its own address', when: asks(self.ipv4, '0.0.0.0'), expect: swallow('NEIGHBOUR_ANNOUNCED') },
    {
      it: 'answers an address that the pod has given itself',
      when: asks(router.ipv4, '192.0.2.77'),
      expect: redirect(answer('192.0.2.77')),
    },
    {
      it: 'still drops what is sent from such an address',
      when: sentBy(self).ip4('192.0.2.77', neighbour.ipv4).udp(1, 2),
      expect: drop('SPOOFED_SOURCE'),
    },
    {
      it: 'does not answer for others to such an address',
      when: asks(neighbour.ipv4, '192.0.2.77'),
      expect: drop('SPOOFED_SOURCE'),
    },
    {
      it: 'drops the announcement of such an address',
      when: asks('192.0.2.77', '192.0.2.77'),
      expect: drop('SPOOFED_SOURCE'),
    },
    { it: 'drops a question in the name of the router', when: asks(router.ipv4, router.ipv4), expect: drop('SPOOFED_SOURCE') },
    {
      it: 'drops a question with a foreign MAC inside',
      when: toAll.arp(1, [neighbour.mac, self.ipv4], [zeroMac, router.ipv4]),
      expect: drop('SPOOFED_MAC'),
    },
    {
      it: "drops a pod's claim to be the router",
      when: toAll.arp(2, [self.mac, router.ipv4], [zeroMac, router.ipv4]),
      expect: drop('SPOOFED_SOURCE'),
    },
    { it: 'drops an answer', when: sentBy(self).arp(2, [self.mac, self.ipv4], [self.nodeMac, router.ipv4]), expect: drop('INVALID_ARP') },
    { it: 'drops a question that is cut short', when: asks(router.ipv4).bytes().slice(0, 40), expect: drop('INVALID_PACKET') },
    {
      it: 'does not answer on a node without IPv4',
      when: asks('0.0.0.0'),
      settings: { cfg_router4: new Uint8Array(16) },
      expect: drop('UNKNOWN_NEIGHBOUR'),
    },
  ]);
});

const SOLICITED = 0xe0000000;
const UNSOLICITED = 0xa0000000;
const option = (type: number, hardware: string) => concat(Uint8Array.of(type, 1), mac(hardware));
const linkLocal = 'fe80::5';

function solicitation(source: string, target: string, hopLimit = 255): Frame {
  const body = concat(address(target), source === '::' ? new Uint8Array() : option(1, self.mac));
  return new Frame().eth(self.mac, '33:33:ff:00:00:01').ip6(source, 'ff02::1:ff00:1', { hopLimit }).icmp(135).payload(body);
}

const advertisement = (to: string, flags: number) =>
  receivedBy(self)
    .ip6(router.ipv6, to, { hopLimit: 255 })
    .icmp(136, 0, flags)
    .payload(concat(mapped(router.ipv6), option(2, self.nodeMac)));

const said = (type: number, source = linkLocal, hopLimit = 255) => sentBy(self).ip6(source, 'ff02::2', { hopLimit }).icmp(type).payload(16);

describe('axo_from_container, IPv6 neighbour discovery', () => {
  packetTests('axo_from_container', egress, [
    {
      it: 'answers for the router with the MAC of the next hop',
      when: solicitation(self.ipv6, router.ipv6),
      expect: redirect(advertisement(self.ipv6, SOLICITED)),
    },
    {
      it: 'answers a link-local asker',
      when: solicitation(linkLocal, router.ipv6),
      expect: redirect(advertisement(linkLocal, SOLICITED)),
    },
    {
      it: "defends the router's address to all nodes",
      when: solicitation('::', router.ipv6),
      expect: redirect(advertisement('ff02::1', UNSOLICITED)),
    },
    { it: 'does not answer for other pods', when: solicitation(self.ipv6, neighbour.ipv6), expect: drop('UNKNOWN_NEIGHBOUR') },
    { it: 'is silent when a pod tests its own address', when: solicitation('::', self.ipv6), expect: swallow('DUPLICATE_ADDRESS') },
    { it: 'is silent when a pod tests its link-local address', when: solicitation('::', linkLocal), expect: swallow('DUPLICATE_ADDRESS') },
    {
      it: 'answers an address that the pod has given itself',
      when: solicitation('2001:db8::77', router.ipv6),
      expect: redirect(advertisement('2001:db8::77', SOLICITED)),
    },
    {
      it: 'does not answer for others to such an address',
      when: solicitation('2001:db8::77', neighbour.ipv6),
      expect: drop('SPOOFED_SOURCE'),
    },
    { it: 'drops a question in the name of the router', when: solicitation(router.ipv6, router.ipv6), expect: drop('SPOOFED_SOURCE') },
    {
      it: 'drops a question in a fragment, even one that is the whole packet (RFC 6980)',
      when: toAll
        .ip6(self.ipv6, 'ff02::1:ff00:1', { hopLimit: 255 })
        .fragment(0)
        .icmp(135)
        .payload(concat(address(router.ipv6), option(1, self.mac))),
      expect: drop('FRAGMENTED_DISCOVERY'),
    },
    {
      it: 'drops a question that came through a router',
      when: solicitation(self.ipv6, router.ipv6, 254),
      expect: drop('FORBIDDEN_ICMPV6'),
    },
    {
      it: 'drops a question without its target',
      when: sentBy(self).ip6(self.ipv6, router.ipv6, { hopLimit: 255 }).icmp(135).payload(8),
      expect: drop('FORBIDDEN_ICMPV6'),
    },
    { it: 'swallows router solicitations', when: said(133), expect: swallow('ROUTER_SOLICITATION') },
    { it: 'swallows announcements', when: said(136), expect: swallow('NEIGHBOUR_ANNOUNCED') },
    { it: 'drops router advertisements', when: said(134), expect: drop('FORBIDDEN_ICMPV6') },
    { it: 'drops redirects', when: said(137), expect: drop('FORBIDDEN_ICMPV6') },
    { it: 'swallows multicast listener reports', when: said(131, linkLocal, 1), expect: swallow('MULTICAST_LISTENER') },
    {
      it: 'swallows version 2 reports behind a router alert',
      when: sentBy(self).ip6('::', 'ff02::16', { hopLimit: 1 }).extension(protocols.hopByHop).icmp(143).payload(20),
      expect: swallow('MULTICAST_LISTENER'),
    },
    { it: 'drops a report in the name of another pod', when: said(143, neighbour.ipv6, 1), expect: drop('SPOOFED_SOURCE') },
  ]);
});

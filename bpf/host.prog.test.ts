import { describe } from 'vitest';
import { families } from './testing/family.ts';
import { Frame } from './testing/frame.ts';
import { drop, packetTests, pass, redirect, refuse, swallow } from './testing/row.ts';
import { host, narrow, neighbour, nobody, node, outside, receivedBy, router } from './testing/world.ts';

const direction = { direction: 'HOST' } as const;
/** The stack sees axo_host as a device without neighbours: both MACs are its own. */
const sent = new Frame().eth(host.mac, host.mac);

for (const family of families) {
  const of = family.of;
  const to = (destination: string, hops?: number) => family.ip(sent, of(node), destination, hops);
  /** An error to the node's stack comes from the address that it did not reach. */
  const error = (kind: keyof typeof family.icmp, about: Frame, unreached: string, info = 0) =>
    family
      .errorHeader(sent, unreached, of(node))
      .icmp(...family.icmp[kind], info)
      .payload(about.quote());

  describe(`axo_from_host, ${family.name}`, () => {
    const lost = to(of(nobody)).udp(1, 2).payload(600);
    const big = to(of(narrow)).tcp(1, 2).payload(1400);
    packetTests('axo_from_host', direction, [
      {
        it: 'sends a packet for a pod to its device, hops untouched',
        when: to(of(neighbour), 1).udp(1, 2).payload(5),
        expect: redirect(family.ip(receivedBy(neighbour), of(node), of(neighbour), 1).udp(1, 2).payload(5)),
      },
      {
        it: 'answers "unreachable" for an address that no pod has',
        when: lost,
        expect: refuse('NO_ENDPOINT', error('unreachable', lost, of(nobody))),
      },
      {
        it: 'does not answer about ICMP errors',
        when: to(of(nobody))
          .icmp(...family.icmp.timeExceeded)
          .payload(48),
        expect: drop('NO_ENDPOINT'),
      },
      {
        it: 'answers "too big" with the MTU of the pod',
        when: big,
        expect: refuse('TOO_BIG', error('tooBig', big, of(narrow), narrow.mtu)),
      },
      {
        it: 'does not send to the address of the node itself',
        when: to(of(router)).udp(1, 2),
        expect: refuse('NO_ENDPOINT', error('unreachable', to(of(router)).udp(1, 2), of(router))),
      },
      {
        it: "swallows the node's multicast",
        when: to(family.name === 'IPv4' ? '224.0.0.22' : 'ff02::16').udp(1, 2),
        expect: swallow('HOST_MULTICAST'),
      },
    ]);
  });

  describe(`axo_to_host, ${family.name}`, () => {
    packetTests('axo_to_host', direction, [
      { it: 'counts a packet and lets it pass', when: family.ip(sent, of(neighbour), of(outside)).udp(1, 2), expect: pass() },
    ]);
  });
}

describe('axo_from_host, frames', () => {
  packetTests('axo_from_host', direction, [
    {
      it: 'swallows what is no IP',
      when: sent.arp(1, [host.mac, node.ipv4], [host.mac, neighbour.ipv4]),
      expect: swallow('HOST_MULTICAST'),
    },
    {
      it: 'drops a malformed packet',
      when: sent.ip4(node.ipv4, neighbour.ipv4, { headerLength: 12 }).udp(1, 2),
      expect: drop('INVALID_PACKET'),
    },
    { it: 'swallows what is link-local', when: sent.ip6('fe80::1', 'fe80::2').udp(1, 2), expect: swallow('HOST_MULTICAST') },
  ]);
});

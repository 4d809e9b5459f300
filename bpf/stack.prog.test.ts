import { describe } from 'vitest';
import { deviceFlag, endpointFlag } from './layout.generated.ts';
import { mapped } from './testing/bytes.ts';
import type { Datapath } from './testing/datapath.ts';
import { families, type TestFamily, talk } from './testing/family.ts';
import { Frame } from './testing/frame.ts';
import { drop, next, packetTests, pass, redirect } from './testing/row.ts';
import { deviceOf, host, neighbour, outside, receivedBy, router, self, sentBy } from './testing/world.ts';

/* Endpoints whose packets go through the node's stack: pods with ports of the node, and pods of another main plugin. */

const egress = { direction: 'EGRESS' } as const;
const ingress = { direction: 'INGRESS' } as const;

const ours = (flags: number) => (datapath: Datapath) => datapath.map('axo_devices').set({ ifindex: 1 }, { ...deviceOf(self), flags });
const viaStack = ours(deviceFlag.STACK);
const chained = ours(deviceFlag.CHAINED);

/** The neighbour's address has the flag STACK. */
const theirs = (family: TestFamily) => (datapath: Datapath) => {
  const key = { addr: mapped(family.of(neighbour)) };
  const row = datapath.map('axo_endpoints').get(key);
  if (row === undefined) throw new Error('the neighbour has no row');
  datapath.map('axo_endpoints').set(key, { ...row, flags: endpointFlag.STACK });
};

for (const family of families) {
  const { own, to, node } = talk(family);
  const { of } = family;
  const onHost = (destination: string) => family.ip(new Frame().eth(self.mac, host.mac), own, destination);
  const spoofed = family.ip(sentBy(self), of(neighbour), of(outside)).udp(1, 2);

  describe(`a pod with ports of the node, ${family.name}`, () => {
    packetTests('axo_from_container', egress, [
      {
        it: 'sends to another pod through the stack, hops untouched',
        when: to(of(neighbour)).udp(80, 9),
        given: viaStack,
        expect: redirect(onHost(of(neighbour)).udp(80, 9)),
      },
      {
        it: 'sends to the outside through the stack',
        when: to(of(outside)).udp(80, 9),
        given: viaStack,
        expect: redirect(onHost(of(outside)).udp(80, 9)),
      },
      {
        it: 'is reached by other pods through the stack',
        when: to(of(neighbour)).udp(9, 80),
        given: theirs(family),
        expect: redirect(onHost(of(neighbour)).udp(9, 80)),
      },
      { it: 'does not speak for another', when: spoofed, given: viaStack, expect: drop('SPOOFED_SOURCE') },
    ]);
    const arriving = family.ip(new Frame().eth('02:00:00:00:00:fe', '00:00:00:00:00:00'), of(outside), of(neighbour)).udp(9, 80);
    packetTests('axo_from_netdev', ingress, [
      { it: 'is reached from the network through the stack', when: arriving, given: theirs(family), expect: pass('HOST') },
    ]);
  });

  describe(`a pod of another main plugin, ${family.name}`, () => {
    packetTests('axo_from_container', egress, [
      { it: 'sends to another pod as it would without us', when: to(of(neighbour)).udp(80, 9), given: chained, expect: next() },
      { it: 'sends to the node as it would without us', when: to(node).udp(80, 9), given: chained, expect: next() },
      { it: 'does not speak for another', when: spoofed, given: chained, expect: drop('SPOOFED_SOURCE') },
    ]);
    const from = (destination: string) => family.ip(receivedBy(self), node, destination).udp(1, 2);
    packetTests('axo_to_container', ingress, [
      { it: 'receives what is its own', when: from(own), given: chained, expect: next() },
      { it: 'receives multicast', when: from(family.name === 'IPv4' ? '224.0.0.1' : 'ff02::1'), given: chained, expect: next() },
      { it: 'does not receive what is for another', when: from(of(neighbour)), given: chained, expect: drop('NOT_FOR_ENDPOINT') },
    ]);
  });
}

describe('a pod of another main plugin, ARP', () => {
  const asks = (sender: string, senderMac = self.mac) => sentBy(self).arp(1, [senderMac, sender], ['00:00:00:00:00:00', neighbour.ipv4]);
  packetTests('axo_from_container', egress, [
    { it: 'asks for its neighbours itself', when: asks(self.ipv4), given: chained, expect: next() },
    { it: 'does not ask in the name of another', when: asks(neighbour.ipv4), given: chained, expect: drop('SPOOFED_SOURCE') },
    { it: 'does not name the MAC of another', when: asks(self.ipv4, neighbour.mac), given: chained, expect: drop('SPOOFED_MAC') },
  ]);
  packetTests('axo_to_container', ingress, [
    {
      it: 'is asked by its neighbours',
      when: receivedBy(self).arp(1, [self.nodeMac, router.ipv4], ['00:00:00:00:00:00', self.ipv4]),
      given: chained,
      expect: next(),
    },
  ]);
});

import { describe } from 'vitest';
import { families } from './testing/family.ts';
import { Frame } from './testing/frame.ts';
import { drop, packetTests, pass, swallow } from './testing/row.ts';
import { neighbour, nobody, node, receivedBy, router, self } from './testing/world.ts';

const ingress = { direction: 'INGRESS' } as const;

for (const family of families) {
  const of = family.of;
  const from = (source: string, destination: string, hops?: number) => family.ip(receivedBy(self), source, destination, hops);

  describe(`axo_to_container, ${family.name}`, () => {
    packetTests('axo_to_container', ingress, [
      { it: 'passes what is addressed to the pod', when: from(of(node), of(self)).udp(1, 2).payload(9), expect: pass() },
      { it: 'passes the last hop: the pod is the goal', when: from(of(router), of(self), 1).icmp(8).payload(8), expect: pass() },
      { it: 'drops what is addressed to another pod', when: from(of(node), of(neighbour)).udp(1, 2), expect: drop('NOT_FOR_ENDPOINT') },
      { it: 'drops what is addressed to nobody', when: from(of(node), of(nobody)).udp(1, 2), expect: drop('NOT_FOR_ENDPOINT') },
      {
        it: "swallows the node's multicast",
        when: from(of(node), family.name === 'IPv4' ? '224.0.0.1' : 'ff02::1').udp(1, 2),
        expect: swallow('HOST_MULTICAST'),
      },
      {
        it: 'drops everything on a device without an endpoint',
        when: from(of(node), of(self)).udp(1, 2),
        given: (datapath) => datapath.map('axo_devices').delete({ ifindex: 1 }),
        expect: drop('UNKNOWN_DEVICE'),
      },
    ]);
  });
}

describe('axo_to_container, frames', () => {
  packetTests('axo_to_container', ingress, [
    {
      it: "drops the node's ARP: pods have no business with it",
      when: receivedBy(self).arp(1, [self.nodeMac, router.ipv4], ['00:00:00:00:00:00', self.ipv4]),
      expect: drop('UNSUPPORTED_ETHERTYPE'),
    },
    {
      it: 'drops an ethertype that it does not know',
      when: receivedBy(self).eth(self.mac, self.mac, 0x88cc),
      expect: drop('UNSUPPORTED_ETHERTYPE'),
    },
    {
      it: 'drops a malformed packet',
      when: new Frame().eth(self.nodeMac, self.mac).ip4(node.ipv4, self.ipv4, { totalLength: 900 }).udp(1, 2),
      expect: drop('INVALID_PACKET'),
    },
  ]);
});

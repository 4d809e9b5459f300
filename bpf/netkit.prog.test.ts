import { describe } from 'vitest';
import { mac, mapped } from './testing/bytes.ts';
import type { Datapath } from './testing/datapath.ts';
import { families, type TestFamily } from './testing/family.ts';
import { Frame } from './testing/frame.ts';
import { drop, packetTests, type Row, redirect, refuse } from './testing/row.ts';
import { deviceOf, host, narrow, neighbour, nobody, node, router, self, type TestPod } from './testing/world.ts';

/*
 * What a pod sends by a netkit: the program runs while the pod sends, with nothing arrived yet (skb->ingress_ifindex is 0). In mode L3 the
 * frames still have an Ethernet header, whose addresses are zero: so are those of the pod's rows, and every other rule holds as it stands.
 */

const NO_MAC = '00:00:00:00:00:00';

/** The pod as a netkit of mode L3 has it. */
const bare = (pod: TestPod): TestPod => ({ ...pod, mac: NO_MAC, nodeMac: NO_MAC });

/** The sender has such a device, and of the other pods these. */
const bareWorld =
  (...others: readonly TestPod[]) =>
  (datapath: Datapath) => {
    datapath.map('axo_devices').set({ ifindex: self.ifindex }, deviceOf(bare(self)));
    for (const { ipv4, ipv6, ifindex, identity, id, mtu } of others) {
      const value = { ifindex, identity, id, mtu, flags: 0, mac: mac(NO_MAC), nodeMac: mac(NO_MAC), policyRevision: 0 };
      for (const address of [ipv4, ipv6]) datapath.map('axo_endpoints').set({ addr: mapped(address) }, value);
    }
  };

const bareFrame = () => new Frame().eth(NO_MAC, NO_MAC);

function rowsOf({ of, ip, icmp, errorHeader }: TestFamily): Row[] {
  const own = of(self);
  const sent = (to: string, hops = 64) => ip(bareFrame(), own, to, hops);
  const error = (kind: keyof TestFamily['icmp'], about: Frame, info = 0) =>
    errorHeader(bareFrame(), of(router), own)
      .icmp(...icmp[kind], info)
      .payload(about.quote());
  const lastHop = sent(of(neighbour), 1).udp(1000, 53).payload(100);
  const big = sent(of(narrow)).udp(1000, 53).payload(1300);
  return [
    {
      it: 'sends a packet to a pod of its kind, without any MAC',
      given: bareWorld(neighbour),
      when: sent(of(neighbour)).udp(1000, 53).payload(10),
      expect: redirect(ip(bareFrame(), own, of(neighbour), 63).udp(1000, 53).payload(10)),
    },
    {
      it: 'gives a packet for a pod behind a veth both MACs of that pair',
      given: bareWorld(),
      when: sent(of(neighbour)).tcp(1000, 80).payload(10),
      expect: redirect(ip(new Frame().eth(neighbour.nodeMac, neighbour.mac), own, of(neighbour), 63).tcp(1000, 80).payload(10)),
    },
    {
      it: 'hands a packet for the node to its stack, under the MAC of axo_host',
      given: bareWorld(),
      when: sent(of(node)).udp(1000, 53),
      expect: redirect(ip(new Frame().eth(NO_MAC, host.mac), own, of(node)).udp(1000, 53)),
    },
    {
      it: 'sends "time exceeded" back into the pod, without any MAC',
      given: bareWorld(),
      when: lastHop,
      expect: refuse('TTL_EXCEEDED', error('timeExceeded', lastHop)),
    },
    {
      it: 'sends "too big" back into the pod, without any MAC',
      given: bareWorld(),
      when: big,
      expect: refuse('TOO_BIG', error('tooBig', big, narrow.mtu)),
    },
    {
      it: "refuses another pod's address as source",
      given: bareWorld(),
      when: ip(bareFrame(), of(nobody), of(neighbour)).udp(1000, 53),
      expect: drop('SPOOFED_SOURCE'),
    },
    {
      it: 'refuses a MAC that a raw socket made up',
      given: bareWorld(),
      when: ip(new Frame().eth(self.mac, NO_MAC), own, of(neighbour)).udp(1000, 53),
      expect: drop('SPOOFED_MAC'),
    },
  ];
}

describe.each(families)('axo_from_container on a netkit, $name', (family) => {
  packetTests(
    'axo_from_container',
    { direction: 'EGRESS' },
    rowsOf(family).map((row) => ({ ...row, isSent: true })),
  );
});

describe.each(families)('axo_from_netdev to a netkit, $name', ({ of, ip }) => {
  const far = { ipv4: '198.51.100.1', ipv6: '2001:db8:1::1' };
  packetTests('axo_from_netdev', { direction: 'INGRESS' }, [
    {
      it: 'takes the MACs off what goes into a pod without any',
      given: bareWorld(neighbour),
      when: ip(new Frame().eth('02:00:00:00:03:fe', NO_MAC), of(far), of(neighbour)).udp(53, 1000),
      expect: redirect(ip(bareFrame(), of(far), of(neighbour), 63).udp(53, 1000)),
    },
  ]);
});

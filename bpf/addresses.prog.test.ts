import { describe } from 'vitest';
import { deviceFlag, endpointFlag } from './layout.generated.ts';
import { mapped } from './testing/bytes.ts';
import type { Datapath } from './testing/datapath.ts';
import { Frame } from './testing/frame.ts';
import { drop, packetTests, pass, type Row, redirect } from './testing/row.ts';
import { deviceOf, neighbour, node, outside, receivedBy, self, sentBy } from './testing/world.ts';

/* Addresses that no packet may have, by where the packet comes from. */

const egress = { direction: 'EGRESS' } as const;
const ingress = { direction: 'INGRESS' } as const;
const onHost = { direction: 'HOST' } as const;
const ownMac = '00:00:00:00:00:00';

const isIpv6 = (address: string) => address.includes(':');
const ip = (frame: Frame, source: string, destination: string) =>
  isIpv6(destination) ? frame.ip6(source, destination).udp(1, 2) : frame.ip4(source, destination).udp(1, 2);
const sent = (destination: string) => ip(sentBy(self), isIpv6(destination) ? self.ipv6 : self.ipv4, destination);
const arriving = (source: string, destination: string) => ip(new Frame().eth('02:00:00:00:00:fe', ownMac), source, destination);

const chained = (datapath: Datapath) => datapath.map('axo_devices').set({ ifindex: 1 }, { ...deviceOf(self), flags: deviceFlag.CHAINED });
const viaStack = (datapath: Datapath) => datapath.map('axo_devices').set({ ifindex: 1 }, { ...deviceOf(self), flags: deviceFlag.STACK });
/** An administrator gave the node a loopback address of global scope. */
const nodeHas = (address: string) => (datapath: Datapath) => {
  const row = datapath.map('axo_endpoints').get({ addr: mapped(node.ipv4) });
  if (row) datapath.map('axo_endpoints').set({ addr: mapped(address) }, row);
};

const insideOnly = ['127.0.0.1', '127.255.255.254', '0.0.0.0', '0.1.2.3', '::1', '::'];

describe('axo_from_container, addresses that stay inside a host', () => {
  packetTests('axo_from_container', egress, [
    ...insideOnly.flatMap((address): Row[] => [
      { it: `drops a packet to ${address}`, when: sent(address), expect: drop('MARTIAN_DESTINATION') },
      {
        it: `drops a packet to ${address} of another plugin's pod`,
        when: sent(address),
        given: chained,
        expect: drop('MARTIAN_DESTINATION'),
      },
      { it: `drops a packet to ${address} of a pod with ports`, when: sent(address), given: viaStack, expect: drop('MARTIAN_DESTINATION') },
      {
        it: `drops a packet to ${address} although the node has it`,
        when: sent(address),
        given: nodeHas(address),
        expect: drop('MARTIAN_DESTINATION'),
      },
    ]),
    { it: 'drops ::ffff:127.0.0.1', when: sent('0:0:0:0:0:ffff:7f00:1'), expect: drop('INVALID_ADDRESS') },
  ]);
});

describe('axo_from_container, class E', () => {
  const far = '240.10.0.9';
  packetTests('axo_from_container', egress, [
    {
      it: 'sends to a pod of 240.0.0.0/4',
      when: sent(far),
      given: (datapath) => {
        const row = datapath.map('axo_endpoints').get({ addr: mapped(neighbour.ipv4) });
        if (row) datapath.map('axo_endpoints').set({ addr: mapped(far) }, row);
      },
      expect: redirect(receivedBy(neighbour).ip4(self.ipv4, far, { ttl: 63 }).udp(1, 2)),
    },
    {
      it: 'asks the routing table for the rest of 240.0.0.0/4',
      when: sent(far),
      // There is no axo_host in this world to ask for: see route.prog.test.ts.
      expect: drop('ROUTE_LOOKUP'),
    },
    { it: 'drops limited broadcast', when: sent('255.255.255.255'), expect: drop('MULTICAST') },
    { it: 'drops the last multicast group', when: sent('239.255.255.255'), expect: drop('MULTICAST') },
  ]);
});

const toPod = (source: string) => arriving(source, isIpv6(source) ? neighbour.ipv6 : neighbour.ipv4);
const toNode = (source: string) => arriving(source, isIpv6(source) ? node.ipv6 : node.ipv4);

describe('axo_from_netdev, sources', () => {
  const stacked = (datapath: Datapath) => {
    for (const address of [neighbour.ipv4, neighbour.ipv6]) {
      const row = datapath.map('axo_endpoints').get({ addr: mapped(address) });
      if (row) datapath.map('axo_endpoints').set({ addr: mapped(address) }, { ...row, flags: endpointFlag.STACK });
    }
  };
  packetTests('axo_from_netdev', ingress, [
    ...[...insideOnly, '224.0.0.1', '255.255.255.255', 'ff02::1', 'fe80::1'].map(
      (source): Row => ({ it: `drops ${source} to a pod`, when: toPod(source), expect: drop('MARTIAN_SOURCE') }),
    ),
    { it: 'drops ::ffff:127.0.0.1 to a pod', when: toPod('0:0:0:0:0:ffff:7f00:1'), expect: drop('INVALID_ADDRESS') },
    { it: 'drops ::ffff:10.0.0.7 to the node', when: toNode('0:0:0:0:0:ffff:a00:7'), expect: drop('INVALID_ADDRESS') },
    ...['127.0.0.1', '::1'].map(
      (source): Row => ({ it: `drops ${source} to the node`, when: toNode(source), expect: drop('MARTIAN_SOURCE') }),
    ),
    ...insideOnly.map(
      (address): Row => ({
        it: `drops a packet to ${address}`,
        when: arriving(isIpv6(address) ? outside.ipv6 : outside.ipv4, address),
        expect: drop('MARTIAN_DESTINATION'),
      }),
    ),
    ...[self.ipv4, self.ipv6].flatMap((source): Row[] => [
      { it: `drops a pod's own ${source} to another pod`, when: toPod(source), expect: drop('LOCAL_SOURCE') },
      { it: `drops a pod's own ${source} to a pod with ports`, when: toPod(source), given: stacked, expect: drop('LOCAL_SOURCE') },
      { it: `drops a pod's own ${source} to the node`, when: toNode(source), expect: drop('LOCAL_SOURCE') },
      {
        it: `drops a pod's own ${source} to the world`,
        when: arriving(source, isIpv6(source) ? outside.ipv6 : outside.ipv4),
        expect: drop('LOCAL_SOURCE'),
      },
    ]),
    ...[node.ipv4, node.ipv6].flatMap((source): Row[] => [
      { it: `drops the node's own ${source} to a pod`, when: toPod(source), expect: drop('LOCAL_SOURCE') },
      { it: `leaves the node's own ${source} to the node to its stack`, when: toNode(source), expect: pass('HOST') },
    ]),
    // Hosts without an address yet: DHCP, which a relay may answer by unicast, and duplicate address detection.
    { it: 'leaves 0.0.0.0 to broadcast to the stack', when: arriving('0.0.0.0', '255.255.255.255'), expect: pass('HOST') },
    { it: 'leaves :: to a multicast group to the stack', when: arriving('::', 'ff02::1:ff00:7'), expect: pass('HOST') },
    { it: 'leaves a link-local source to the node to its stack', when: toNode('fe80::1'), expect: pass('HOST') },
    {
      it: 'lets 169.254.169.254 into a pod, which kernels forward too',
      when: toPod('169.254.169.254'),
      expect: redirect(receivedBy(neighbour).ip4('169.254.169.254', neighbour.ipv4, { ttl: 63 }).udp(1, 2)),
    },
    {
      it: 'lets class E into a pod',
      when: toPod('240.0.0.9'),
      expect: redirect(receivedBy(neighbour).ip4('240.0.0.9', neighbour.ipv4, { ttl: 63 }).udp(1, 2)),
    },
  ]);
});

describe('sources from inside a host, sent by the node', () => {
  const sources = ['127.0.0.1', '0.0.0.0', '::1', '::'];
  const to = (source: string, pod: typeof self) => ip(receivedBy(pod), source, isIpv6(source) ? pod.ipv6 : pod.ipv4);
  packetTests(
    'axo_from_host',
    onHost,
    sources.map((source) => ({
      it: `${source} does not reach a pod by axo_host`,
      when: to(source, neighbour),
      expect: drop('MARTIAN_SOURCE'),
    })),
  );
  packetTests(
    'axo_to_container',
    ingress,
    sources.flatMap((source): Row[] => [
      { it: `${source} does not reach a pod by its device`, when: to(source, self), expect: drop('MARTIAN_SOURCE') },
      { it: `${source} does not reach another plugin's pod`, when: to(source, self), given: chained, expect: drop('MARTIAN_SOURCE') },
    ]),
  );
});

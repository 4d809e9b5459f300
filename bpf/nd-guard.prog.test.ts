import { describe } from 'vitest';
import { deviceFlag } from './layout.generated.ts';
import { address, concat, mac } from './testing/bytes.ts';
import type { Datapath } from './testing/datapath.ts';
import { Frame } from './testing/frame.ts';
import { drop, next, packetTests, type Row } from './testing/row.ts';
import { deviceOf, neighbour, router, self } from './testing/world.ts';

/* Neighbour discovery of a pod on another plugin's device goes on to the link: it speaks for the pod alone. */

const linkLocal = 'fe80::0:0:ff:fe00:105'; // of 02:00:00:00:01:05
const routersLinkLocal = 'fe80::1';
const chained = (datapath: Datapath) => datapath.map('axo_devices').set({ ifindex: 1 }, { ...deviceOf(self), flags: deviceFlag.CHAINED });

const option = (type: number, hardware: string) => concat(Uint8Array.of(type, 1), mac(hardware));
const nonce = concat(Uint8Array.of(14, 1), new Uint8Array(6));

interface Message {
  readonly type: number;
  readonly source?: string;
  readonly destination?: string;
  readonly target?: string;
  readonly options?: Uint8Array;
  readonly hopLimit?: number;
  readonly isFragment?: boolean;
}

/** A message to all nodes or routers of the link. */
function says({
  type,
  source = self.ipv6,
  destination = 'ff02::1',
  target,
  options = new Uint8Array(),
  hopLimit = 255,
  isFragment = false,
}: Message): Frame {
  const ip = new Frame().eth(self.mac, '33:33:00:00:00:01').ip6(source, destination, { hopLimit });
  const body = concat(target === undefined ? new Uint8Array() : address(target), options);
  return (isFragment ? ip.fragment(0) : ip).icmp(type, 0, 0x60000000).payload(body);
}

const [SOLICITATION, ADVERTISEMENT] = [135, 136];
const goesOn = (it: string, message: Message): Row => ({ it, when: says(message), given: chained, expect: next() });
const ends = (it: string, message: Message, reason: Parameters<typeof drop>[0]): Row => ({
  it,
  when: says(message),
  given: chained,
  expect: drop(reason),
});

describe('a pod of another main plugin, neighbour discovery', () => {
  packetTests('axo_from_container', { direction: 'EGRESS' }, [
    goesOn('announces its own address', { type: ADVERTISEMENT, target: self.ipv6, options: option(2, self.mac) }),
    goesOn('announces its link-local address', { type: ADVERTISEMENT, source: linkLocal, target: linkLocal, options: option(2, self.mac) }),
    ends("does not announce another pod's address", { type: ADVERTISEMENT, target: neighbour.ipv6 }, 'SPOOFED_SOURCE'),
    ends("does not announce the router's address", { type: ADVERTISEMENT, target: router.ipv6 }, 'SPOOFED_SOURCE'),
    ends("does not announce the router's link-local address", { type: ADVERTISEMENT, target: routersLinkLocal }, 'SPOOFED_SOURCE'),
    ends('a listener report into the node itself', { type: 143, destination: '::1' }, 'MARTIAN_DESTINATION'),
    ends('does not speak as the router', { type: ADVERTISEMENT, source: routersLinkLocal, target: self.ipv6 }, 'SPOOFED_SOURCE'),
    ends('does not announce nothing', { type: ADVERTISEMENT, target: '::' }, 'SPOOFED_SOURCE'),
    ends("does not announce another's MAC", { type: ADVERTISEMENT, target: self.ipv6, options: option(2, neighbour.mac) }, 'SPOOFED_MAC'),
    ends(
      "does not hide another's MAC behind another option",
      { type: ADVERTISEMENT, target: self.ipv6, options: concat(nonce, option(2, neighbour.mac)) },
      'SPOOFED_MAC',
    ),
    ends(
      'does not send options without length',
      { type: ADVERTISEMENT, target: self.ipv6, options: new Uint8Array(8) },
      'FORBIDDEN_ICMPV6',
    ),
    ends(
      'does not send more options than anybody needs',
      { type: ADVERTISEMENT, target: self.ipv6, options: concat(nonce, nonce, nonce, nonce, option(2, neighbour.mac)) },
      'FORBIDDEN_ICMPV6',
    ),
    ends('does not cut its target short', { type: ADVERTISEMENT }, 'FORBIDDEN_ICMPV6'),

    goesOn('asks for its router', { type: SOLICITATION, target: router.ipv6, options: option(1, self.mac) }),
    goesOn('asks from its link-local address', { type: SOLICITATION, source: linkLocal, target: routersLinkLocal }),
    goesOn('asks whether its address is taken, with a nonce', { type: SOLICITATION, source: '::', target: self.ipv6, options: nonce }),
    ends('does not ask as the router', { type: SOLICITATION, source: routersLinkLocal, target: neighbour.ipv6 }, 'SPOOFED_SOURCE'),
    ends(
      "does not ask with another's MAC",
      { type: SOLICITATION, target: neighbour.ipv6, options: option(1, neighbour.mac) },
      'SPOOFED_MAC',
    ),
    ends('does not ask from afar', { type: SOLICITATION, target: router.ipv6, hopLimit: 254 }, 'FORBIDDEN_ICMPV6'),
    ends('does not ask in a fragment', { type: SOLICITATION, target: router.ipv6, isFragment: true }, 'FRAGMENTED_DISCOVERY'),

    goesOn('asks for routers', { type: 133, source: linkLocal, options: option(1, self.mac) }),
    ends("does not ask for routers with another's MAC", { type: 133, options: option(1, neighbour.mac) }, 'SPOOFED_MAC'),
    ends('is no router', { type: 134, source: linkLocal, options: new Uint8Array(8) }, 'FORBIDDEN_ICMPV6'),
    ends('sends no redirects', { type: 137, source: linkLocal, target: router.ipv6, options: new Uint8Array(16) }, 'FORBIDDEN_ICMPV6'),
    goesOn('reports its groups', { type: 143, source: linkLocal, hopLimit: 1 }),
    ends('is no multicast querier', { type: 130, source: linkLocal, hopLimit: 1 }, 'FORBIDDEN_ICMPV6'),
  ]);
});

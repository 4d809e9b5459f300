import { describe } from 'vitest';
import { deviceFlag } from './layout.generated.ts';
import { be, concat, mac } from './testing/bytes.ts';
import type { Datapath } from './testing/datapath.ts';
import { Frame } from './testing/frame.ts';
import { drop, next, packetTests, type Row } from './testing/row.ts';
import { deviceOf, neighbour, node, self } from './testing/world.ts';

/* A pod whose address the dhcp plugin leases renews it by broadcast without a source address, as long as it lives. */

const chained = (datapath: Datapath) => datapath.map('axo_devices').set({ ifindex: 1 }, { ...deviceOf(self), flags: deviceFlag.CHAINED });

interface Request {
  readonly source?: string;
  readonly destination?: string;
  readonly ports?: readonly [number, number];
  readonly hardware?: string;
  readonly length?: number;
  readonly isFragment?: boolean;
}

function request({ source = '0.0.0.0', destination = '255.255.255.255', hardware = self.mac, ...rest }: Request = {}): Frame {
  const { ports = [68, 67], length = 240, isFragment = false } = rest;
  const message = concat(Uint8Array.of(1, 1, 6, 0), be(4, 7), new Uint8Array(20), mac(hardware), new Uint8Array(300)).subarray(0, length);
  const ip = new Frame().eth(self.mac, 'ff:ff:ff:ff:ff:ff').ip4(source, destination, { moreFragments: isFragment });
  return ip.udp(...ports).payload(message);
}

const spoofed = (it: string, what: Request): Row => ({ it, when: request(what), given: chained, expect: drop('SPOOFED_SOURCE') });

describe('DHCP of a pod on another plugin’s device', () => {
  packetTests('axo_from_container', { direction: 'EGRESS' }, [
    { it: 'asks for its own lease', when: request(), given: chained, expect: next() },
    spoofed('does not ask in the name of another MAC', { hardware: neighbour.mac }),
    spoofed('does not ask without a MAC', { length: 30 }),
    spoofed('does not ask in fragments', { isFragment: true }),
    spoofed('does not answer as a server', { ports: [67, 68] }),
    spoofed('does not ask a single host', { destination: node.ipv4 }),
    spoofed('does not ask in the name of another address', { source: neighbour.ipv4 }),
    { it: 'is not asked by a pod of ours, whose address is no lease', when: request(), expect: drop('SPOOFED_SOURCE') },
  ]);
});

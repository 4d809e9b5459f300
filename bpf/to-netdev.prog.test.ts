import { describe } from 'vitest';
import { families, talk } from './testing/family.ts';
import { Frame } from './testing/frame.ts';
import { next, packetTests } from './testing/row.ts';
import { outside } from './testing/world.ts';

/* What leaves the node is counted, and goes on to whatever else is at the hook. */

describe('egress of a native device', () => {
  const leaving = new Frame().eth('02:00:00:00:00:bb', '02:00:00:00:00:fe');
  packetTests('axo_to_netdev', { direction: 'HOST' }, [
    ...families.map((family) => ({
      it: `counts ${family.name} and changes nothing`,
      when: family.ip(leaving, talk(family).node, family.of(outside)).udp(1, 2),
      expect: next(),
    })),
    {
      it: 'counts what is no IP packet',
      when: leaving.arp(1, ['02:00:00:00:00:bb', '192.0.2.10'], ['00:00:00:00:00:00', '192.0.2.1']),
      expect: next(),
    },
    { it: 'counts a packet without an Ethernet header', when: new Uint8Array(64).fill(0x45), expect: next() },
  ]);
});

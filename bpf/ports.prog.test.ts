import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe } from 'vitest';
import { Scratch } from '../native/fixture.ts';
import { families, talk } from './testing/family.ts';
import { destinations, makeNetwork } from './testing/network.ts';
import { packetTests, redirect, refuse } from './testing/row.ts';
import { self, sentBy } from './testing/world.ts';

/* Which packets have ports for the routing table: a rule prohibits a source port, which is what type and code of an echo request read as. */

const PORT = { IPv4: 0x0800, IPv6: 0x8000 } as const;
const ECHO = { IPv4: 8, IPv6: 128 } as const;

const scratch = new Scratch();
let network: Awaited<ReturnType<typeof makeNetwork>>;
beforeAll(async () => {
  const path = await scratch.netns('node');
  network = await makeNetwork(path);
  for (const [flag, port] of [
    ['-4', PORT.IPv4],
    ['-6', PORT.IPv6],
  ] as const) {
    const ip = (...command: readonly string[]) => execFileSync('nsenter', [`--net=${path}`, 'ip', flag, ...command]);
    ip('route', 'add', 'prohibit', 'default', 'table', '99');
    ip('rule', 'add', 'sport', String(port), 'pref', '100', 'lookup', '99');
  }
});
afterAll(async () => {
  network?.netns.close();
  await scratch[Symbol.asyncDispose]();
});

const options = { direction: 'EGRESS', netns: () => network.netns, settings: () => network.settings } as const;

for (const family of families) {
  const { own, to, error } = talk(family);
  const far = family.of(destinations.known);
  const sent = (hops: number) => family.ip(sentBy(self), own, far, hops);
  const first = (hops: number) =>
    family.name === 'IPv4'
      ? sentBy(self).ip4(own, far, { moreFragments: true, ttl: hops })
      : sentBy(self).ip6(own, far, { hopLimit: hops }).fragment(0, true);

  describe(`axo_from_container, ports for the routing table, ${family.name}`, () => {
    const datagram = to(far).udp(PORT[family.name], 2);
    packetTests('axo_from_container', options, [
      { it: 'asks with those of UDP', when: datagram, expect: refuse('PROHIBITED', error('prohibited', datagram)) },
      {
        it: 'takes nothing of an echo request for one',
        when: to(far).icmp(ECHO[family.name]).payload(8),
        expect: redirect(sent(63).icmp(ECHO[family.name]).payload(8)),
      },
      {
        it: 'asks for a first fragment as for the later ones, which have none',
        when: first(64).udp(PORT[family.name], 2).payload(8),
        expect: redirect(first(63).udp(PORT[family.name], 2).payload(8)),
      },
    ]);
  });
}

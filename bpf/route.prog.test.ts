import { afterAll, beforeAll, describe } from 'vitest';
import { Scratch } from '../native/fixture.ts';
import { families, talk } from './testing/family.ts';
import { Frame } from './testing/frame.ts';
import { destinations, makeNetwork, NARROW_ROUTE } from './testing/network.ts';
import { drop, packetTests, redirect, refuse } from './testing/row.ts';
import { host, self, sentBy } from './testing/world.ts';

const scratch = new Scratch();
let network: Awaited<ReturnType<typeof makeNetwork>>;
beforeAll(async () => {
  network = await makeNetwork(await scratch.netns('node'));
});
afterAll(async () => {
  network?.netns.close();
  await scratch[Symbol.asyncDispose]();
});

const options = { direction: 'EGRESS', netns: () => network.netns, settings: () => network.settings } as const;
/** As it reaches the node's stack. */
const toStack = new Frame().eth(self.mac, host.mac);

for (const family of families) {
  const of = family.of;
  const { own, to, nobody, error } = talk(family);

  describe(`axo_from_container, out of the node, ${family.name}`, () => {
    const ended = to(of(destinations.known), 1).udp(1, 2).payload(40);
    const toNobody = to(nobody).udp(1, 2);
    const unreachable = to(of(destinations.unreachable)).tcp(1, 2, 2);
    const prohibited = to(of(destinations.prohibited)).tcp(1, 2, 2);
    const big = to(of(destinations.narrow)).udp(1, 2).payload(1380);
    packetTests('axo_from_container', options, [
      {
        it: 'sends a packet to the gateway of its route, one hop older; the kernel writes the MAC addresses',
        when: to(of(destinations.known)).udp(1, 2).payload(20),
        expect: redirect(family.ip(sentBy(self), own, of(destinations.known), 63).udp(1, 2).payload(20)),
      },
      {
        it: 'sends a packet to a gateway whose MAC address is unknown',
        when: to(of(destinations.unknownNeighbour)).udp(1, 2),
        expect: redirect(family.ip(sentBy(self), own, of(destinations.unknownNeighbour), 63).udp(1, 2)),
      },
      { it: 'answers "time exceeded"', when: ended, expect: refuse('TTL_EXCEEDED', error('timeExceeded', ended)) },
      { it: 'answers "too big" with the MTU of the route', when: big, expect: refuse('TOO_BIG', error('tooBig', big, NARROW_ROUTE)) },
      {
        it: 'sends a GSO packet whose segments fit the route',
        when: to(of(destinations.narrow)).tcp(1, 2).payload(2600),
        gsoSize: 1300,
        expect: redirect(family.ip(sentBy(self), own, of(destinations.narrow), 63).tcp(1, 2).payload(2600)),
      },
      {
        it: 'answers "too big" to a GSO packet whose segments do not fit the route',
        when: to(of(destinations.narrow)).tcp(1, 2).payload(2800),
        gsoSize: 1400,
        expect: refuse('TOO_BIG', error('tooBig', to(of(destinations.narrow)).tcp(1, 2).payload(2800), NARROW_ROUTE)),
      },
      {
        it: 'answers "unreachable" for an address that no pod has',
        when: toNobody,
        expect: refuse('NO_ENDPOINT', error('unreachable', toNobody)),
      },
      { it: 'answers "unreachable" for such a route', when: unreachable, expect: refuse('UNREACHABLE', error('unreachable', unreachable)) },
      { it: 'answers "prohibited" for such a route', when: prohibited, expect: refuse('PROHIBITED', error('prohibited', prohibited)) },
      { it: 'is silent about a blackhole', when: to(of(destinations.blackhole)).udp(1, 2), expect: drop('BLACKHOLE') },
      {
        it: 'leaves it to the stack to answer for a missing route',
        when: to(of(destinations.noRoute)).udp(1, 2),
        expect: redirect(family.ip(toStack, own, of(destinations.noRoute)).udp(1, 2)),
      },
      {
        it: "hands the node's addresses to its stack, also those that no map knows",
        when: to(of({ ipv4: '192.0.2.10', ipv6: '2001:db8::10' })).udp(1, 2),
        given: (datapath) => datapath.map('axo_endpoints').clear(),
        expect: redirect(family.ip(toStack, own, of({ ipv4: '192.0.2.10', ipv6: '2001:db8::10' })).udp(1, 2)),
      },
    ]);
  });
}

describe('axo_from_container, out of the node, particulars of IPv4', () => {
  const big = (frame: Frame) => frame.ip4(self.ipv4, destinations.narrow.ipv4).udp(1, 2).payload(1380);
  packetTests('axo_from_container', options, [
    { it: 'hands a packet that may be fragmented to the stack, which does it', when: big(sentBy(self)), expect: redirect(big(toStack)) },
  ]);
});

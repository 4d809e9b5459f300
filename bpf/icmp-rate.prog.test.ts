import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rateKind } from './layout.generated.ts';
import { Datapath } from './testing/datapath.ts';
import { families } from './testing/family.ts';
import { Frame } from './testing/frame.ts';
import { narrow, neighbour, self, sentBy } from './testing/world.ts';

const TC_ACT = { drop: 2, redirect: 7 } as const;

let datapath: Datapath;
beforeEach(async () => {
  datapath = await Datapath.load('axo_from_container');
});
afterEach(() => datapath[Symbol.dispose]());

describe.each(families)('ICMP errors about packets of one source, $name', ({ of, ip }) => {
  const expired = ip(sentBy(self), of(self), of(neighbour), 1).udp(1, 2).bytes();
  const big = ip(sentBy(self), of(self), of(narrow)).udp(1, 2).payload(1400).bytes();

  it('are made 200 times at once; of the packets beyond that each is counted twice, as a drop and as one without an error', () => {
    // A frame that became an error is no cause for another one: each packet has a run of its own.
    const answered = Array.from({ length: 1000 }, () => datapath.run(expired).verdict).filter(
      (verdict) => verdict === TC_ACT.redirect,
    ).length;
    const { metrics } = datapath.run(expired);
    expect(answered).toBeGreaterThanOrEqual(200);
    expect(metrics['TTL_EXCEEDED EGRESS']).toBe(1001);
    expect(metrics['ICMP_LIMITED EGRESS'] ?? 0).toBeGreaterThanOrEqual(1000 - answered);
  });

  it('about the MTU do not share a budget with the others', () => {
    datapath.spend('ICMP_OTHER');
    expect(datapath.run(expired)).toMatchObject({ verdict: TC_ACT.drop, metrics: { 'ICMP_LIMITED EGRESS': 1 } });
    expect(datapath.run(big)).toMatchObject({ verdict: TC_ACT.redirect });
    datapath.spend('ICMP_TOO_BIG');
    expect(datapath.run(big)).toMatchObject({ verdict: TC_ACT.drop, metrics: { 'ICMP_LIMITED EGRESS': 2 } });
  });

  it('do not share a budget with those of another device', () => {
    datapath.spend('ICMP_OTHER', { ifindex: neighbour.ifindex });
    expect(datapath.run(expired)).toMatchObject({ verdict: TC_ACT.redirect });
  });
});

describe.each(families)('ICMP errors to addresses outside, $name', ({ of, ip }) => {
  it('do not share one budget', async () => {
    using outside = await Datapath.load('axo_from_netdev');
    const sources = Array.from({ length: 20 }, (_, i) => of({ ipv4: `198.51.100.${i + 1}`, ipv6: `2001:db8:1::${i + 1}` }));
    const expired = (source: string) =>
      ip(new Frame().eth('02:00:00:00:00:fe', '00:00:00:00:00:00'), source, of(neighbour), 1).udp(1, 2).bytes();
    outside.run(expired(sources[0] ?? ''));
    const [[key] = []] = [...outside.map('axo_rates').entries()].filter(([{ kind }]) => kind === rateKind.ICMP_OTHER);
    outside.spend('ICMP_OTHER', { parts: [key?.part ?? -1] });
    const verdicts = sources.map((source) => outside.run(expired(source)).verdict);
    expect(verdicts[0]).toBe(TC_ACT.drop);
    expect(verdicts.filter((verdict) => verdict === TC_ACT.redirect).length).toBeGreaterThan(10);
  });
});

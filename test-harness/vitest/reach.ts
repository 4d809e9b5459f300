import { bareAddress, type Family } from '../lab/address.ts';
import { NetworkNamespace } from '../lab/namespace.ts';
import type { Outcome } from '../probe/outcome.ts';
import { type Reached, type ReachOptions, type ReachTarget, reach } from '../probe/reach.ts';
import { deviceNames, formatRoute, listing, subjectOf, type Verdict } from './subject.ts';

/** What {@link toReach} takes: one protocol, and how to try it. */
export type ReachExpectation = ReachTarget &
  ReachOptions & {
    /** only with `.not`: the way in which it must fail, in every family (`timeout`, `refused`, ...); any way unless given */
    readonly outcome?: Exclude<Outcome, 'reached'>;
  };

/** Milliseconds after which `.not.toReach` believes that there will be no answer. */
const DISBELIEF = 1000;

/** The matcher. Passes when every family reaches; negated, when none does. */
export async function toReach(
  this: { readonly isNot: boolean },
  received: unknown,
  to: NetworkNamespace | string,
  expectation: ReachExpectation,
): Promise<Verdict> {
  const from = subjectOf(received, 'toReach');
  const { outcome, ...target } = expectation;
  const results = await reach(from, to, this.isNot ? { timeout: DISBELIEF, ...target } : target);
  const wanted = (result: Reached) =>
    this.isNot ? result.outcome === (outcome ?? result.outcome) && result.outcome !== 'reached' : reached(result);
  const isAsWanted = results.every(wanted);
  const where = isAsWanted
    ? ''
    : await whereToLook(
        from,
        to,
        results.filter((result) => !wanted(result)),
      );
  const negation = this.isNot ? ` not${outcome === undefined ? '' : ` (${outcome})`}` : '';
  return {
    pass: this.isNot ? !isAsWanted : isAsWanted,
    message: () =>
      `expected ${nameOf(from)}${negation} to reach ${nameOf(to)}: ${results[0]?.what}\n${results.map(tell).join('\n')}${where}`,
  };
}

const reached = (result: Reached) => result.outcome === 'reached';

/** What each outcome says about the packets. */
const meanings: Readonly<Record<Exclude<Outcome, 'reached'>, string>> = {
  timeout: 'silence: dropped, on the way there or back',
  refused: 'refused: packets get there and back, and nobody listens or something rejects',
  unreachable: 'unreachable: somebody on the way, or the own routing table, says so',
  wrong: 'something else answered',
  failed: 'the attempt failed',
};

function tell(result: Reached): string {
  const { family, address, outcome, reason, duration, attempts, seenFrom, server } = result;
  const head = `  IPv${family} ${address}: `;
  const from = seenFrom === undefined ? '' : `, seen there as ${seenFrom}`;
  if (outcome === 'reached') return `${head}reached in ${duration.toFixed(1)} ms${from}`;
  const why = reason === undefined || reason === outcome ? '' : ` (${reason})`;
  const tries = attempts > 1 ? `, ${attempts} attempts` : '';
  const by = server === 'own' ? '' : ', asking a server that was there already';
  return `${head}${meanings[outcome]}${why} after ${duration.toFixed(0)} ms${tries}${by}${from}`;
}

/** The facts that explain most failures: how the prober would route, whom it knows, what the target has. */
async function whereToLook(from: NetworkNamespace, to: NetworkNamespace | string, results: readonly Reached[]): Promise<string> {
  const parts: string[] = [];
  for (const family of new Set(results.map((result) => result.family))) parts.push(await viewOf(from, family));
  if (to instanceof NetworkNamespace) {
    parts.push(listing(`addresses of ${nameOf(to)}`, await to.addresses()));
    for (const family of new Set(results.map((result) => result.family))) parts.push(await viewOf(to, family));
  }
  return `\n${parts.join('\n')}`.replaceAll('\n', '\n  ');
}

async function viewOf(at: NetworkNamespace, family: Family): Promise<string> {
  using netlink = await at.netlink();
  const name = deviceNames(await netlink.links.list());
  const routes = (await netlink.routes.list({ family, table: 254 })).filter((route) => !route.destination.startsWith('fe80:'));
  const neighbours = (await netlink.neighbours.list({ family })).filter(
    ({ state, address }) => state !== 'noarp' && bareAddress(address) !== '',
  );
  return [
    listing(
      `IPv${family} routes of ${nameOf(at)}`,
      routes.map((route) => formatRoute(route, name)),
    ),
    listing(
      `IPv${family} neighbours of ${nameOf(at)}`,
      neighbours.map(({ address, ifindex, mac, state }) => `${address} dev ${name(ifindex)} ${mac ?? ''} ${state}`),
    ),
  ].join('\n');
}

const nameOf = (end: NetworkNamespace | string): string => (typeof end === 'string' ? end : end.place.name);

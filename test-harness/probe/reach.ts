import { hasErrno } from '../../native/index.ts';
import { HarnessError } from '../errors.ts';
import { bareAddress, type Family, familyOf } from '../lab/address.ts';
import { NetworkNamespace } from '../lab/namespace.ts';
import { type DnsTarget, dnsExchange } from './dns.ts';
import { datagramExchange, type Endpoint, type Exchange, type Seen, streamExchange } from './exchange.ts';
import { type HttpTarget, httpExchange } from './http.ts';
import { icmpExchange } from './icmp.ts';
import { type Outcome, outcomeOfError } from './outcome.ts';
import { bindingFor } from './socket.ts';

/** What to try; exactly one of them. */
export type ReachTarget =
  | { readonly tcp: number }
  | { readonly udp: number }
  | { readonly sctp: number }
  | { readonly icmp: true }
  | { readonly http: HttpTarget }
  | { readonly dns: DnsTarget };

export interface ReachOptions {
  /** one family; unless given every family in which both ends have an address, or that of the address */
  readonly family?: Family;
  /** which address to go to; unless given the target's first global one of the family */
  readonly address?: string;
  /**
   * Who answers. A namespace: the probe's own server is started there, for a target that passes packets on (a host port, a service address).
   * `existing`: whoever listens. Unless given the probe's own server is started in the target, or, when somebody listens there already, it is that one.
   */
  readonly server?: NetworkNamespace | 'existing';
  /** where the probe's own server listens, for a target that translates the port (a host port); the port that is asked unless given */
  readonly serverPort?: number;
  /** milliseconds for all attempts in one family (default 4000; the families are tried at the same time) */
  readonly timeout?: number;
}

/** What came of it in one family. */
export interface Reached {
  readonly family: Family;
  readonly address: string;
  /** `TCP port 8080` */
  readonly what: string;
  readonly outcome: Outcome;
  /** errno name, words of ICMP, what was wrong with the answer; absent when it was reached */
  readonly reason?: string;
  /** milliseconds from the first attempt to the end */
  readonly duration: number;
  readonly attempts: number;
  /** the client's address as the probe's own server saw it: shows address translation on the way */
  readonly seenFrom?: string;
  /** who answered or should have: the probe's own server, or one that was there */
  readonly server: 'own' | 'existing';
}

/** Silence after a datagram is tried again after this many milliseconds. */
const PATIENCE = 500;
/** Pause before a new attempt after an error that came at once. */
const PAUSE = 50;

/**
 * Tries to get from one namespace to another (or to an address) and back, in every family that both have. Not reaching is an answer, not an error.
 * Throws BAD_PROBE for a target that names none or several of the protocols, NO_ADDRESS when there is no common family, UNSUPPORTED for SCTP on
 * a kernel without it.
 */
export async function reach(from: NetworkNamespace, to: NetworkNamespace | string, target: ReachTarget & ReachOptions): Promise<Reached[]> {
  const exchange = exchangeOf(target);
  const addresses = await addressesTo(from, to, target);
  return Promise.all(addresses.map((address) => reachAt(from, to, address, exchange, target)));
}

const exchanges = {
  tcp: (port: number) => streamExchange(port),
  udp: (port: number) => datagramExchange(port),
  sctp: (port: number) => streamExchange(port, 'sctp'),
  icmp: () => icmpExchange(),
  http: (target: HttpTarget) => httpExchange(target),
  dns: (target: DnsTarget) => dnsExchange(target),
} as const;

function exchangeOf(target: object): Exchange {
  const asked = Object.entries(target).filter(([key, value]) => Object.hasOwn(exchanges, key) && value !== undefined);
  const [only, ...others] = asked;
  if (only === undefined || others.length > 0) {
    const found = asked.map(([key]) => key).join(', ') || 'none';
    throw new HarnessError('BAD_PROBE', `choose a probe: want one of ${Object.keys(exchanges).join(', ')}, got ${found}`);
  }
  const [key, value] = only;
  return (exchanges[key as keyof typeof exchanges] as (value: unknown) => Exchange)(value);
}

/** Where to go, one address per family. */
async function addressesTo(from: NetworkNamespace, to: NetworkNamespace | string, options: ReachOptions): Promise<string[]> {
  const given = options.address ?? (typeof to === 'string' ? to : undefined);
  if (given !== undefined) return [bareAddress(given)];
  if (typeof to === 'string') return [];
  if (options.family !== undefined) return [await to.address(options.family)];
  const [near, far] = [await from.addresses(), await to.addresses()];
  const families = ([4, 6] as const).filter((family) => [near, far].every((all) => all.some((address) => familyOf(address) === family)));
  if (families.length === 0) {
    const list = (all: string[]) => all.join(', ') || 'none';
    const both = `${from.name} has ${list(near)}, ${to.name} has ${list(far)}`;
    throw new HarnessError('NO_ADDRESS', `reach ${to.name} from ${from.name}: no address of a common family: ${both}`);
  }
  return Promise.all(families.map((family) => to.address(family)));
}

async function reachAt(
  from: NetworkNamespace,
  to: NetworkNamespace | string,
  address: string,
  exchange: Exchange,
  options: ReachOptions,
): Promise<Reached> {
  const family = familyOf(address);
  const seen: Seen = {};
  using server = await serverFor(exchange, to, { family, address, port: exchange.port }, options, seen);
  const end: Endpoint = { at: from, family, address, port: exchange.port };
  const result = await keepTrying(exchange, end, options.timeout ?? 4000, server.own);
  return {
    family,
    address,
    what: exchange.name,
    ...result,
    ...(seen.from === undefined ? {} : { seenFrom: seen.from }),
    server: server.own ? 'own' : 'existing',
  };
}

/** The probe's own server, or none because somebody answers already. */
async function serverFor(
  exchange: Exchange,
  to: NetworkNamespace | string,
  { family, address, port }: Omit<Endpoint, 'at'>,
  options: ReachOptions,
  seen: Seen,
): Promise<Disposable & { own: boolean }> {
  const none = { own: false, [Symbol.dispose]: () => undefined };
  const at = options.server instanceof NetworkNamespace ? options.server : to;
  if (options.server === 'existing' || typeof at === 'string') return none;
  const where = { at, family, address: await bindingFor(at, address), port: options.serverPort ?? port };
  try {
    const server = await exchange.serve(where, seen);
    return { own: true, [Symbol.dispose]: () => server[Symbol.dispose]() };
  } catch (error) {
    if (hasErrno(error, 'EADDRINUSE') && options.server === undefined) return none;
    throw error;
  }
}

type Tried = Pick<Reached, 'outcome' | 'reason' | 'duration' | 'attempts'>;

/** Until it is reached or refused, or the time is over. A refusal is an answer: more attempts would not change it. */
async function keepTrying(exchange: Exchange, to: Endpoint, timeout: number, own: boolean): Promise<Tried> {
  const began = performance.now();
  const took = () => performance.now() - began;
  for (let attempts = 1; ; attempts += 1) {
    const left = timeout - took();
    try {
      await exchange.attempt(to, Math.max(1, exchange.lossy ? Math.min(PATIENCE, left) : left), own);
      return { outcome: 'reached', duration: took(), attempts };
    } catch (error) {
      if (error instanceof HarnessError) throw error;
      const { outcome, reason } = outcomeOfError(error);
      if (outcome === 'refused' || took() + PAUSE >= timeout) return { outcome, reason, duration: took(), attempts };
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

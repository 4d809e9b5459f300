import { HarnessError } from '../errors.ts';
import { addressAt, formatPrefix, type Prefix, parsePrefix } from './address.ts';

/** Out of which prefixes a lab takes its numbers; at most one of each family in each list. */
export interface AddressPlan {
  /** pools of the links that have no `subnets` of their own; each link gets a /24 and a /64 (default 198.18.0.0/15 and 2001:db8::/32) */
  readonly links?: readonly string[];
  /** pools of the pod networks; each node gets a /24 and a /64, which all other machines route to it. Without them nodes have none */
  readonly pods?: readonly string[];
}

/**
 * What links are numbered from unless told otherwise: 198.18.0.0/15 is set aside for tests of network devices (RFC 2544, appendix C.2.2),
 * 2001:db8::/32 for examples (RFC 3849).
 */
export const DEFAULT_LINK_POOLS: readonly string[] = ['198.18.0.0/15', '2001:db8::/32'];

/** Bits of the subnets that are cut out of a pool, and how far apart they lie: an IPv6 pool as large as a site's gives each subnet a /48, which reads well. */
const CUT = { 4: 24, 6: 64 } as const;
const SITE = 48;

/** The n-th subnet (n from 0) of a pool: a /24 or /64, or the pool itself when it is no larger. Throws BAD_ADDRESS when there is no such. */
export function subnetAt(pool: Prefix, n: number): Prefix {
  const width = pool.family === 4 ? 32 : 128;
  const length = Math.max(CUT[pool.family], pool.length);
  const step = pool.family === 6 && pool.length < SITE ? SITE : length;
  if (n >= 2 ** (step - pool.length)) throw new HarnessError('BAD_ADDRESS', `take subnet ${n} of ${formatPrefix(pool)}: it has no more`);
  return { family: pool.family, length, base: pool.base + (BigInt(n) << BigInt(width - step)) };
}

/** The n-th subnet of each pool, as text. */
export function subnetsAt(pools: readonly string[], n: number): string[] {
  return pools.map((pool) => formatPrefix(subnetAt(parsePrefix(pool), n)));
}

/** The pod networks of one node, and what a plugin's configuration needs to know of them. */
export interface PodNetwork {
  /** `10.1.2.0/24` */
  readonly subnet: string;
  /** the first address, which plugins give to the node's side */
  readonly gateway: string;
}

/** The n-th node's share of the pod pools. */
export function podNetworksAt(pools: readonly string[], n: number): PodNetwork[] {
  return subnetsAt(pools, n).map((subnet) => ({ subnet, gateway: addressAt(parsePrefix(subnet), 1) }));
}

/** One family of a pool: blocks of `/maskSize` are cut from `cidrs`. */
export interface PoolFamilyConfig {
  /** Networks such as `10.0.0.0/8`; they must not overlap those of any pool. */
  readonly cidrs: readonly string[];
  /** Prefix length of a block in bits, at least that of each network. */
  readonly maskSize: number;
}

/** A pool; a pool without a family refuses requests of that family. */
export interface PoolConfig {
  readonly name: string;
  readonly ipv4?: PoolFamilyConfig;
  readonly ipv6?: PoolFamilyConfig;
}

/** What a node gives addresses from. `cluster-pool` has exactly one pool, `default`; `multi-pool` has any number. */
export interface IpamConfig {
  readonly mode: 'cluster-pool' | 'multi-pool';
  readonly pools: readonly PoolConfig[];
  /** Addresses, networks and ranges `a-b` of both families that are never given out. */
  readonly excluded?: readonly string[];
  /** Blocks that a node may hold per pool and family; no bound when absent. */
  readonly maxBlocks?: number;
}

/** What to allocate. */
export interface AllocateRequest {
  /** `default/web-1`, `router`, a container id: whoever is shown as owner. */
  readonly owner: string;
  readonly family: 4 | 6;
  /** Pool to take from; absent: the pool whose networks hold `requested`, else `default`. */
  readonly pool?: string;
  /** The address that it must be. */
  readonly requested?: string;
}

/** What was allocated. */
export interface Allocation {
  readonly address: string;
  readonly pool: string;
}

/** One block that the node holds. */
export interface BlockRecord {
  readonly pool: string;
  readonly family: 4 | 6;
  readonly cidr: string;
}

/** Which blocks a node holds: plain JSON, small (no addresses), changed only when a block comes or goes. */
export interface IpamSnapshot {
  readonly version: 1;
  readonly blocks: readonly BlockRecord[];
}

/** The pool of a request that names none. */
export const defaultPool = 'default';

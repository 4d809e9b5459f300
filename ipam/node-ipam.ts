import type { AllocatedAddress, IpamStatus, PoolStatus } from '../conf/api/types.ts';
import { cidrInterval, type Family, formatAddress, parseAddress, parseCidr } from './address.ts';
import { IpamError } from './errors.ts';
import { overlaps } from './interval.ts';
import { Pool } from './pool.ts';
import { type AllocateRequest, type Allocation, type BlockRecord, defaultPool, type IpamConfig, type IpamSnapshot } from './types.ts';

const families: readonly Family[] = [4, 6];

/**
 * The addresses of one node. It does no IO: the daemon writes `snapshot()` whenever `revision` has changed, before it uses the address that
 * caused the change, and after a restart allocates the address of each endpoint record again (`requested`).
 */
export class NodeIpam {
  readonly #config: IpamConfig;
  readonly #pools: readonly Pool[];
  /** Blocks of the snapshot that the configuration has no place for any more. */
  readonly dropped: readonly BlockRecord[];
  #revision = 0;

  /** @throws IpamError `invalid-config` when networks overlap or a network is smaller than a block */
  constructor(config: IpamConfig, snapshot?: IpamSnapshot) {
    checkPools(config);
    this.#config = config;
    this.#pools = config.pools.flatMap((pool) => families.flatMap((family) => this.#makePool(pool, family)));
    this.dropped = (snapshot?.blocks ?? []).filter((block) => !this.#find(block.pool, block.family)?.restore(block.cidr));
    this.#revision = this.dropped.length > 0 ? 1 : 0;
  }

  /** Rises whenever a block comes or goes; equal revisions mean equal snapshots. 0 after a restore without loss. */
  get revision(): number {
    return this.#revision;
  }

  /** Blocks held now, per pool and family: what the node routes to its pods. */
  get blocks(): readonly BlockRecord[] {
    return this.#pools.flatMap(({ name, family, blocks }) => blocks.map((cidr) => ({ pool: name, family, cidr })));
  }

  /**
   * Takes one address.
   * @throws IpamError `pool-unknown`, `pool-exhausted` ("range is full") or `address-unavailable` with the reason
   */
  allocate(request: AllocateRequest): Allocation {
    const { owner, family, requested } = request;
    const name = request.pool ?? (requested === undefined ? defaultPool : this.#poolAround(requested));
    const pool = this.#find(name, family);
    if (!pool) throw this.#unknown(name, family);
    return { address: pool.allocate(owner, requested), pool: name };
  }

  /**
   * Releases an address: it goes to the end of the queue. False, and nothing changes, when the text is no address, when the address is not
   * taken, or when `owner` is given and is not its owner.
   */
  release(address: string, owner?: string): boolean {
    return isAddress(address) && this.#pools.some((pool) => pool.release(address, owner));
  }

  /** Who has the address; undefined when nobody has. */
  ownerOf(address: string): string | undefined {
    for (const pool of this.#pools) {
      const owner = pool.ownerOf(address);
      if (owner !== undefined) return owner;
    }
    return undefined;
  }

  /** Pools in the order of the configuration, IPv4 before IPv6. Its cost does not grow with the addresses that are taken. */
  poolStatus(): PoolStatus[] {
    return this.#pools.map(poolStatus);
  }

  /** The same, with all addresses in ascending order within each pool. */
  status(): IpamStatus {
    return { mode: this.#config.mode, pools: this.poolStatus(), addresses: this.#pools.flatMap(poolAddresses) };
  }

  /** What the daemon writes to disk; give it to the constructor after a restart. */
  snapshot(): IpamSnapshot {
    return { version: 1, blocks: this.blocks };
  }

  #makePool(pool: IpamConfig['pools'][number], family: Family): Pool[] {
    const config = family === 4 ? pool.ipv4 : pool.ipv6;
    if (!config) return [];
    const { excluded = [], maxBlocks = Number.POSITIVE_INFINITY } = this.#config;
    const onChange = () => {
      this.#revision++;
    };
    return [new Pool({ ...config, name: pool.name, family, excluded, maxBlocks, onChange })];
  }

  #find(name: string, family: Family): Pool | undefined {
    return this.#pools.find((pool) => pool.name === name && pool.family === family);
  }

  #poolAround(requested: string): string {
    const { family, value } = parseAddress(requested);
    const holds = (text: string) => overlaps(cidrInterval(parseCidr(text)), { first: value, last: value });
    const pool = this.#config.pools.find((p) => (family === 4 ? p.ipv4 : p.ipv6)?.cidrs.some(holds));
    if (pool) return pool.name;
    const all = this.#config.pools.flatMap((p) => (family === 4 ? p.ipv4 : p.ipv6)?.cidrs ?? []);
    const where = all.length > 0 ? `outside ${all.join(', ')}` : `no pool has IPv${family} networks`;
    throw new IpamError('address-unavailable', `allocate ${formatAddress(family, value)}: ${where}`);
  }

  #unknown(name: string, family: Family): IpamError {
    const names = this.#config.pools.map((pool) => pool.name);
    if (names.includes(name)) return new IpamError('pool-unknown', `allocate from pool ${name}: it has no IPv${family} networks`);
    return new IpamError('pool-unknown', `allocate from pool ${name}: no such pool; there are ${names.join(', ') || 'none'}`);
  }
}

function poolStatus({ name, family, blocks, taken, capacity }: Pool): PoolStatus {
  return { name, family, cidrs: blocks, allocated: taken, capacity: capacity.toString() };
}

function poolAddresses(pool: Pool): AllocatedAddress[] {
  return pool.leases().map((lease) => ({ ...lease, pool: pool.name }));
}

function isAddress(text: string): boolean {
  try {
    return parseAddress(text) !== undefined;
  } catch {
    return false;
  }
}

/** Two pools that share an address would each give it out. */
function checkPools(config: IpamConfig): void {
  const names = config.pools.map((pool) => pool.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new IpamError('invalid-config', `read pool ${twice}: the name is used twice`);
  if (config.mode === 'cluster-pool' && (names.length !== 1 || names[0] !== defaultPool)) {
    throw new IpamError('invalid-config', `read pools ${names.join(', ')}: mode cluster-pool has one pool, ${defaultPool}`);
  }
  const cidrs = config.pools.flatMap((pool) =>
    [...(pool.ipv4?.cidrs ?? []), ...(pool.ipv6?.cidrs ?? [])].map((text) => ({ pool: pool.name, text, cidr: parseCidr(text) })),
  );
  for (const [index, a] of cidrs.entries()) {
    const b = cidrs.slice(index + 1).find((o) => o.cidr.family === a.cidr.family && overlaps(cidrInterval(a.cidr), cidrInterval(o.cidr)));
    if (b) throw new IpamError('invalid-config', `read pool ${b.pool}: ${b.text} overlaps ${a.text} of pool ${a.pool}`);
  }
}

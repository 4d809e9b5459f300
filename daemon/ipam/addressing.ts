import type { EndpointAddress, EndpointPlan, IpamStatus } from '../../conf/api/types.ts';
import { EXTERNAL_POOLS } from '../../conf/names.ts';
import {
  type Address,
  type AllocateRequest,
  type Allocation,
  defaultPool,
  type Family,
  formatAddress,
  type IpamConfig,
  IpamError,
  type IpamErrorCode,
  type NodeIpam,
  parseAddress,
} from '../../ipam/index.ts';
import { DomainError } from '../domain-error.ts';
import type { Addressing, AddressRequest, EndpointAddresses } from '../endpoint/ports.ts';
import type { Logger } from '../log.ts';
import type { IpamFile, IpamState } from './store.ts';

/** Owner of the address that pods have as their gateway. */
const ROUTER = 'router';

export interface NodeAddressingParts {
  readonly config: IpamConfig;
  readonly families: readonly Family[];
  readonly file: IpamFile;
  /** Makes the allocator from what the file holds. */
  readonly createIpam: (state: IpamState | undefined) => NodeIpam;
  readonly log: Logger;
}

/**
 * The node's addresses. `ipam.json` holds the blocks and the router addresses and is written before an address of a new block is used;
 * which endpoint has which address stands in the endpoint's record and nowhere else, so that the two cannot disagree after a crash.
 */
export class NodeAddressing implements Addressing {
  readonly #parts: NodeAddressingParts;
  readonly #ipam: NodeIpam;
  readonly #state: IpamState | undefined;
  readonly #routers: { ipv4?: string; ipv6?: string } = {};
  /** Addresses of endpoints that no pool has: other plugins gave them, or the configuration has no pool for them any more. */
  readonly #foreign = new Map<string, string>();
  #written = -1;

  constructor(parts: NodeAddressingParts) {
    this.#parts = parts;
    this.#state = parts.file.read();
    this.#ipam = parts.createIpam(this.#state);
    for (const block of this.#ipam.dropped) parts.log.warn({ ...block }, 'the configuration has no place for a block that this node held');
  }

  /**
   * Reserves the router addresses: those of before, from the file or else from the device that bears them, or new ones. To be called once,
   * after the endpoints of before have been adopted, so that a lost file does not make an endpoint's address the router's.
   */
  reserveRouters(onDevice: EndpointPlan['routers']): void {
    for (const family of this.#parts.families) {
      const name = family === 4 ? 'ipv4' : 'ipv6';
      const before = this.#state?.routers[name] ?? onDevice[name];
      this.#routers[name] = (before === undefined ? undefined : this.#keepRouter(family, before)) ?? this.#newRouter(family);
    }
    // Endpoints and axo_host remember as much as the file would; whoever takes an address from a new block must write it first.
    this.#trySave();
  }

  /** The pods' gateway per enabled family. */
  get routers(): EndpointPlan['routers'] {
    return this.#routers;
  }

  /** CIDRs of the blocks that this node holds. */
  get blocks(): string[] {
    return this.#ipam.blocks.map((block) => block.cidr);
  }

  allocate(request: AddressRequest): EndpointAddresses {
    using undo = new DisposableStack();
    const addresses: { ipv4?: EndpointAddress; ipv6?: EndpointAddress } = {};
    for (const [family, requested] of this.#wishes(request)) {
      const allocation = asDomain(() => this.#allocateOne(this.#demand(family, request, requested)));
      undo.defer(() => void this.#ipam.release(allocation.address));
      addresses[family === 4 ? 'ipv4' : 'ipv6'] = allocation;
    }
    this.#save();
    undo.move();
    return addresses;
  }

  accept(owner: string, given: readonly EndpointAddress[]): EndpointAddresses {
    using undo = new DisposableStack();
    const addresses: { ipv4?: EndpointAddress; ipv6?: EndpointAddress } = {};
    for (const { address: text, pool } of given) {
      const [address, family] = [canonical(text), familyOf(text)];
      const name = family === 4 ? 'ipv4' : 'ipv6';
      if (!this.#parts.families.includes(family)) throw new DomainError('bad-request', `accept ${address}: IPv${family} is not enabled`);
      if (addresses[name] !== undefined) throw new DomainError('bad-request', `accept ${address}: a second IPv${family} address`);
      const other = this.ownerOf({ address, pool });
      if (other !== undefined) throw new DomainError('address-unavailable', `accept ${address}: it belongs to ${other}`);
      this.#foreign.set(address, owner);
      undo.defer(() => this.#foreign.delete(address));
      addresses[name] = { address, pool };
    }
    undo.move();
    return addresses;
  }

  adopt(owner: string, addresses: EndpointAddresses): void {
    using undo = new DisposableStack();
    for (const address of [addresses.ipv4, addresses.ipv6]) {
      if (address === undefined) continue;
      this.#adoptOne(owner, address);
      undo.defer(() => this.#releaseOne(address));
    }
    undo.move();
  }

  release(addresses: EndpointAddresses): void {
    for (const address of [addresses.ipv4, addresses.ipv6]) {
      if (address !== undefined) this.#releaseOne(address);
    }
    this.#trySave();
  }

  /** A pool whose range has the address; the default one when there is none. */
  readonly poolOf = (address: string): string => {
    try {
      const allocation = this.#ipam.allocate({ owner: 'probe', family: familyOf(address), requested: address });
      this.#ipam.release(allocation.address);
      return allocation.pool;
    } catch {
      return defaultPool;
    }
  };

  ownerOf({ address }: EndpointAddress): string | undefined {
    return this.#foreign.get(address) ?? this.#ipam.ownerOf(address);
  }

  /** What keeps an ADD from this pool from working. Only a pool whose blocks are full is asked whether it can grow. */
  problems(pool: string = defaultPool): string[] {
    const ranges = this.#ipam.poolStatus().filter(({ name }) => name === pool);
    if (ranges.length === 0) return [`allocate from pool ${pool}: no such pool`];
    const full = ranges.filter(({ allocated, capacity }) => BigInt(allocated) >= BigInt(capacity));
    return full.flatMap(({ family }) => this.#fullness(pool, family));
  }

  #fullness(pool: string, family: Family): string[] {
    try {
      this.#ipam.release(this.#ipam.allocate({ owner: 'probe', pool, family }).address);
      return [];
    } catch (error) {
      return [(error as Error).message];
    } finally {
      this.#trySave();
    }
  }

  /** Names of the pools, each once. */
  get pools(): readonly string[] {
    return this.#parts.config.pools.map(({ name }) => name);
  }

  status(): IpamStatus {
    return this.#ipam.status();
  }

  #newRouter(family: Family): string {
    return asDomain(() => this.#ipam.allocate({ owner: ROUTER, family })).address;
  }

  /** The router address must not change while pods have it as their gateway; only a configuration that excludes it moves it. */
  #keepRouter(family: Family, requested: string): string | undefined {
    try {
      return this.#ipam.allocate({ owner: ROUTER, family, requested }).address;
    } catch (error) {
      this.#parts.log.warn({ address: requested, error: (error as Error).message }, 'the router address of before cannot be kept');
      return undefined;
    }
  }

  /** One entry per family that the request gets an address of: the address asked for, or undefined for any. */
  #wishes(request: AddressRequest): Map<Family, string | undefined> {
    const wishes = new Map<Family, string | undefined>();
    for (const family of this.#parts.families) if (this.#hasFamily(request.pool, family)) wishes.set(family, undefined);
    for (const address of request.addresses ?? []) {
      const family = familyOf(address);
      if (!this.#parts.families.includes(family)) throw new DomainError('bad-request', `allocate ${address}: IPv${family} is not enabled`);
      if (wishes.get(family) !== undefined) throw new DomainError('bad-request', `allocate ${address}: a second IPv${family} address`);
      wishes.set(family, address);
    }
    if (wishes.size === 0) throw new DomainError('pool-unknown', `allocate from pool ${request.pool}: it has no enabled family`);
    return wishes;
  }

  /** A pool may serve one family only; an unknown pool is the allocator's to name. */
  #hasFamily(pool: string | undefined, family: Family): boolean {
    const config = this.#parts.config.pools.find(({ name }) => name === (pool ?? defaultPool));
    return config === undefined || (family === 4 ? config.ipv4 : config.ipv6) !== undefined;
  }

  /** Passes by the addresses that other plugins gave: ranges of theirs may overlap ours. */
  #allocateOne(demand: AllocateRequest): Allocation {
    using passed = new DisposableStack();
    for (;;) {
      const allocation = this.#ipam.allocate(demand);
      const owner = this.#foreign.get(allocation.address);
      if (owner === undefined) return allocation;
      passed.defer(() => void this.#ipam.release(allocation.address));
      if (demand.requested === undefined) continue;
      throw new DomainError('address-unavailable', `allocate ${allocation.address}: it belongs to ${owner}`);
    }
  }

  #demand(family: Family, request: AddressRequest, requested: string | undefined) {
    return {
      family,
      owner: request.owner,
      ...(request.pool === undefined ? {} : { pool: request.pool }),
      ...(requested === undefined ? {} : { requested }),
    };
  }

  #adoptOne(owner: string, { address, pool }: EndpointAddress): void {
    const other = this.#ipam.ownerOf(address) ?? this.#foreign.get(address);
    if (other !== undefined) throw new DomainError('internal', `adopt address ${address}: it belongs to ${other}`);
    if (isExternal(pool)) {
      this.#foreign.set(address, owner);
      return;
    }
    try {
      this.#ipam.allocate({ owner, family: familyOf(address), pool, requested: address });
    } catch (error) {
      this.#parts.log.warn(
        { address, pool, owner, error: (error as Error).message },
        'kept an address that the configuration has no pool for',
      );
      this.#foreign.set(address, owner);
    }
  }

  #releaseOne({ address }: EndpointAddress): void {
    if (!this.#foreign.delete(address)) this.#ipam.release(address);
  }

  /** A block that was given back and still stands in the file does no harm: the next change writes it again. */
  #trySave(): void {
    try {
      this.#save();
    } catch (error) {
      this.#parts.log.warn({ error: (error as Error).message }, 'writing ipam.json failed; the next change tries again');
    }
  }

  #save(): void {
    if (this.#written === this.#ipam.revision) return;
    this.#parts.file.write({ version: 1, ipam: this.#ipam.snapshot(), routers: this.#routers });
    this.#written = this.#ipam.revision;
  }
}

function familyOf(address: string): Family {
  return parsed(address).family;
}

/** As the maps and the API write it: other plugins may write IPv6 in other forms. */
function canonical(text: string): string {
  const { value, family } = parsed(text);
  return formatAddress(family, value);
}

function parsed(address: string): Address {
  try {
    return parseAddress(address);
  } catch (error) {
    throw new DomainError('bad-request', `read address ${address}: ${(error as Error).message}`);
  }
}

function isExternal(pool: string): boolean {
  return pool === EXTERNAL_POOLS.delegated || pool === EXTERNAL_POOLS.chained;
}

function asDomain<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof IpamError && isApiCode(error.code)) throw new DomainError(error.code, error.message);
    throw error;
  }
}

function isApiCode(code: IpamErrorCode): code is Exclude<IpamErrorCode, 'invalid-config'> {
  return code !== 'invalid-config';
}

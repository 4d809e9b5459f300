import { type Family, parseAddress } from './address.ts';
import { AddressAllocator, type Lease } from './allocator.ts';
import { BlockCutter } from './cutter.ts';
import { IpamError } from './errors.ts';
import type { PoolFamilyConfig } from './types.ts';

/** What one family of a pool is made of. */
export interface PoolOptions extends PoolFamilyConfig {
  readonly name: string;
  readonly family: Family;
  readonly excluded: readonly string[];
  readonly maxBlocks: number;
  /** Called after a block came or went. */
  readonly onChange: () => void;
}

/**
 * One family of one pool on this node: it holds blocks, cuts another when they are full, and gives an idle one back when the others still
 * have a block's worth of free addresses (so that a pod which comes and goes at the border of a block does not move blocks each time).
 */
export class Pool {
  readonly name: string;
  readonly family: Family;
  readonly #options: PoolOptions;
  readonly #cutter: BlockCutter;
  readonly #addresses: AddressAllocator;
  /** Usable addresses of an ordinary block: how many the others must have free before one is given back. */
  #perBlock = 0n;

  /** @throws IpamError `invalid-config` */
  constructor(options: PoolOptions) {
    this.name = options.name;
    this.family = options.family;
    this.#options = options;
    this.#cutter = new BlockCutter({ ...options, blockLength: options.maskSize });
    this.#addresses = new AddressAllocator({ family: options.family, excluded: options.excluded });
  }

  /** Blocks held now, in ascending order. */
  get blocks(): readonly string[] {
    return this.#addresses.cidrs;
  }

  /** Taken addresses. */
  get taken(): number {
    return this.#addresses.taken;
  }

  /** Usable addresses in the blocks held now. */
  get capacity(): bigint {
    return this.#addresses.capacity;
  }

  /** Taken addresses in ascending order. */
  leases(): Lease[] {
    return this.#addresses.leases();
  }

  /** Takes a block that a snapshot names; false when this pool cannot hold it. */
  restore(block: string): boolean {
    if (!this.#cutter.cutExactly(block)) return false;
    this.#hold(block);
    return true;
  }

  /** @throws IpamError `pool-exhausted`, `address-unavailable` */
  allocate(owner: string, requested?: string): string {
    if (requested !== undefined) return this.#allocateRequested(owner, requested);
    for (;;) {
      const address = this.#addresses.allocate(owner);
      if (address !== undefined) return address;
      this.#grow();
    }
  }

  /** Releases an address; see `AddressAllocator.release`. */
  release(address: string, owner?: string): boolean {
    if (!this.#addresses.release(address, owner)) return false;
    const block = this.#addresses.removeIdle(this.#perBlock);
    if (block !== undefined) {
      this.#cutter.giveBack(block);
      this.#options.onChange();
    }
    return true;
  }

  /** Who has the address. */
  ownerOf(address: string): string | undefined {
    return this.#addresses.ownerOf(address);
  }

  #allocateRequested(owner: string, requested: string): string {
    const { family, value } = parseAddress(requested);
    if (family === this.family && !this.#addresses.covers(requested)) {
      if (!this.#hasRoom()) throw this.#unavailable(requested, `outside ${list(this.blocks)}, and ${this.#bound()}`);
      const cut = this.#cutter.cutAround(value);
      if ('block' in cut) return this.#allocateInNew(cut.block, owner, requested);
      throw this.#unavailable(
        requested,
        cut.reason === 'excluded' ? 'excluded by the configuration' : `outside ${list(this.#options.cidrs)}`,
      );
    }
    return this.#addresses.allocate(owner, requested) ?? requested;
  }

  /** A refused address (an edge, an exclusion) must not leave a block behind. */
  #allocateInNew(block: string, owner: string, requested: string): string {
    const probe = new AddressAllocator({ family: this.family, cidrs: [block], excluded: this.#options.excluded });
    try {
      probe.allocate(owner, requested);
    } catch (error) {
      this.#cutter.giveBack(block);
      throw error;
    }
    this.#hold(block);
    return this.#addresses.allocate(owner, requested) ?? requested;
  }

  #grow(): void {
    const block = this.#hasRoom() ? this.#cutter.cut() : undefined;
    if (block === undefined) throw this.#exhausted();
    this.#hold(block);
  }

  #hold(block: string): void {
    const capacity = this.#addresses.add(block);
    if (capacity > this.#perBlock) this.#perBlock = capacity;
    this.#options.onChange();
  }

  #hasRoom(): boolean {
    return this.#addresses.networks < this.#options.maxBlocks;
  }

  #exhausted(): IpamError {
    const where =
      this.#addresses.networks > 0 ? `${this.taken} of ${this.capacity} addresses of ${list(this.blocks)} are taken` : 'it has no block';
    const why = this.#hasRoom() ? `no further /${this.#options.maskSize} block is left in ${list(this.#options.cidrs)}` : this.#bound();
    return new IpamError(
      'pool-exhausted',
      `allocate IPv${this.family} address from pool ${this.name}: range is full: ${where}, and ${why}`,
    );
  }

  #unavailable(requested: string, reason: string): IpamError {
    return new IpamError('address-unavailable', `allocate ${requested} from pool ${this.name}: ${reason}`);
  }

  #bound(): string {
    return `this node may hold ${this.#options.maxBlocks} ${this.#options.maxBlocks === 1 ? 'block' : 'blocks'} of a pool`;
  }
}

function list(cidrs: readonly string[]): string {
  return cidrs.length > 4 ? `${cidrs.slice(0, 3).join(', ')} and ${cidrs.length - 3} more` : cidrs.join(', ');
}

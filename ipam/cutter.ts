import { addressBits, type Cidr, cidrInterval, type Family, formatCidr, parseCidr, parseExclusion } from './address.ts';
import { IpamError } from './errors.ts';
import type { Interval } from './interval.ts';
import { Places, type Refusal } from './places.ts';
import { Space } from './space.ts';

/** What blocks are cut from. */
export interface CutterOptions {
  readonly family: Family;
  /** Networks of that family; they must not overlap. */
  readonly cidrs: readonly string[];
  /** Prefix length of a block, in bits; no shorter than that of any network. */
  readonly blockLength: number;
  /** Exclusions of this family; a block that one of them covers whole is never cut. */
  readonly excluded: readonly string[];
}

/** Cuts blocks of one size out of networks, in order; blocks given back go to the end of the queue. */
export class BlockCutter {
  readonly #blockLength: number;
  readonly #family: Family;
  /** Bits of an address inside a block. */
  readonly #hostBits: bigint;
  readonly #places = new Places();

  /** @throws IpamError `invalid-config` */
  constructor(options: CutterOptions) {
    const bits = addressBits(options.family);
    if (!Number.isInteger(options.blockLength) || options.blockLength < 1 || options.blockLength > bits) {
      throw new IpamError('invalid-config', `cut blocks of /${options.blockLength}: not a prefix length from 1 to ${bits}`);
    }
    this.#family = options.family;
    this.#blockLength = options.blockLength;
    this.#hostBits = BigInt(bits - options.blockLength);
    const holes = options.excluded.map(parseExclusion).flatMap((e) => (e.family === this.#family ? this.#blocksWithin(e.interval) : []));
    for (const cidr of options.cidrs.map(parseCidr)) this.#addCidr(cidr, holes);
  }

  /** Cuts the next block; undefined when all are out. */
  cut(): string | undefined {
    const slot = this.#places.take('node');
    return slot && this.#name(slot.space.placeOf(slot));
  }

  /** Cuts the block that holds an address, or says why not: it is out already, excluded whole, or in none of the networks. */
  cutAround(address: bigint): { readonly block: string } | { readonly reason: Refusal['reason'] } {
    const place = address >> this.#hostBits;
    const answer = this.#places.takeAt(place, 'node');
    return 'reason' in answer ? { reason: answer.reason } : { block: this.#name(place) };
  }

  /** Cuts exactly this block, as a snapshot names it; false when that cannot be. */
  cutExactly(block: string): boolean {
    const cidr = parseCidr(block);
    return cidr.family === this.#family && cidr.length === this.#blockLength && 'block' in this.cutAround(cidr.first);
  }

  /** Gives a block back. */
  giveBack(block: string): boolean {
    return this.#places.release(parseCidr(block).first >> this.#hostBits);
  }

  #addCidr(cidr: Cidr, holes: readonly Interval[]): void {
    const name = formatCidr(cidr);
    if (cidr.family !== this.#family) throw new IpamError('invalid-config', `add CIDR ${name}: not an IPv${this.#family} network`);
    if (cidr.length > this.#blockLength) {
      throw new IpamError('invalid-config', `cut ${name} into blocks of /${this.#blockLength}: the network is smaller than one block`);
    }
    const { first, last } = cidrInterval(cidr);
    if (this.#places.spaces.some((s) => s.first << this.#hostBits <= last && first >> this.#hostBits <= s.last)) {
      throw new IpamError('invalid-config', `add CIDR ${name}: overlaps another network of the pool`);
    }
    const blocks = { first: first >> this.#hostBits, last: last >> this.#hostBits };
    this.#places.add(new Space({ ...blocks, excluded: holes, edges: { first: false, last: false } }));
  }

  /** Numbers of the blocks that an interval of addresses covers whole. */
  #blocksWithin({ first, last }: Interval): Interval[] {
    const size = 1n << this.#hostBits;
    const blocks = { first: (first + size - 1n) >> this.#hostBits, last: ((last + 1n) >> this.#hostBits) - 1n };
    return blocks.first <= blocks.last ? [blocks] : [];
  }

  #name(place: bigint): string {
    return formatCidr({ family: this.#family, first: place << this.#hostBits, length: this.#blockLength });
  }
}

import {
  addressBits,
  type Cidr,
  cidrInterval,
  type Family,
  formatAddress,
  formatCidr,
  parseAddress,
  parseCidr,
  parseExclusion,
} from './address.ts';
import { IpamError } from './errors.ts';
import { type Interval, overlaps } from './interval.ts';
import { Places, type Refusal } from './places.ts';
import { Space } from './space.ts';

/** One taken address. */
export interface Lease {
  readonly address: string;
  readonly owner: string;
}

/** What an allocator is made of. */
export interface AllocatorOptions {
  readonly family: Family;
  /** Networks to give addresses from; they must not overlap. More can be added later. */
  readonly cidrs?: readonly string[];
  /** `10.0.0.5`, `10.0.0.0/28` or `10.0.0.5-10.0.0.9`; entries of the other family are passed over. */
  readonly excluded?: readonly string[];
}

/**
 * Gives out addresses of one family from many networks, each to a named owner.
 *
 * Never given out: the network and the broadcast address of an IPv4 network (RFC 919, RFC 1812 section 4.2.2.11), except in a /31, which has
 * two usable addresses (RFC 3021), and a /32, which has one; the all-zeros address of an IPv6 network, the subnet-router anycast address
 * (RFC 4291 section 2.6.1), except in a /127 (RFC 6164) and a /128. The last address of an IPv6 network is given out: IPv6 has no broadcast.
 */
export class AddressAllocator {
  readonly family: Family;
  readonly #excluded: readonly Interval[];
  readonly #places = new Places();

  /** @throws IpamError `invalid-config` */
  constructor(options: AllocatorOptions) {
    this.family = options.family;
    this.#excluded = (options.excluded ?? []).map(parseExclusion).flatMap((e) => (e.family === this.family ? [e.interval] : []));
    for (const cidr of options.cidrs ?? []) this.add(cidr);
  }

  /** Taken addresses. */
  get taken(): number {
    return this.#places.taken;
  }

  /** Addresses that may be given out, taken ones included. */
  get capacity(): bigint {
    return this.#places.capacity;
  }

  /** How many networks there are. */
  get networks(): number {
    return this.#places.spaces.length;
  }

  /** The networks in ascending order. */
  get cidrs(): readonly string[] {
    return this.#places.spaces.map((space) => formatCidr({ family: this.family, first: space.first, length: this.#lengthOf(space) }));
  }

  /**
   * Adds a network and returns how many addresses it can give out.
   * @throws IpamError `invalid-config` when it is ill-formed, of the other family, or overlaps one that is there
   */
  add(text: string): bigint {
    const cidr = this.#parse(text);
    const interval = cidrInterval(cidr);
    const other = this.#places.spaces.find((space) => overlaps(space, interval));
    if (other) throw new IpamError('invalid-config', `add CIDR ${text}: overlaps ${this.#name(other)}`);
    const inside = this.#excluded.filter((hole) => overlaps(hole, interval));
    const space = new Space({ ...interval, excluded: inside, edges: edgesOf(cidr) });
    this.#places.add(space);
    return space.capacity;
  }

  /** Takes an idle network out, oldest first, when the others keep at least `spare` free addresses; returns its name. */
  removeIdle(spare: bigint): string | undefined {
    const space = this.#places.idle();
    if (!space || this.capacity - space.capacity - BigInt(this.taken) < spare) return undefined;
    this.#places.remove(space);
    return this.#name(space);
  }

  /**
   * Takes an address: the one asked for, else the next that was never used, else the one that was released longest ago.
   * Undefined when every address is taken.
   * @throws IpamError `address-unavailable` with the reason, when the one asked for cannot be had
   */
  allocate(owner: string, requested?: string): string | undefined {
    if (requested === undefined) {
      const slot = this.#places.take(owner);
      return slot && formatAddress(this.family, slot.space.placeOf(slot));
    }
    const { family, value } = parseAddress(requested);
    const answer = family === this.family ? this.#places.takeAt(value, owner) : ({ reason: 'outside' } as const);
    if ('reason' in answer) throw new IpamError('address-unavailable', `allocate ${requested}: ${this.#explain(value, answer)}`);
    return formatAddress(family, value);
  }

  /** Releases an address. False, and nothing changes, when it is not taken or when `owner` is given and is not its owner. */
  release(address: string, owner?: string): boolean {
    const { family, value } = parseAddress(address);
    return family === this.family && this.#places.release(value, owner);
  }

  /** Who has the address. */
  ownerOf(address: string): string | undefined {
    const { family, value } = parseAddress(address);
    return family === this.family ? this.#places.find(value)?.find(value)?.owner : undefined;
  }

  /** True when one of the networks holds the address, free or not. */
  covers(address: string): boolean {
    const { family, value } = parseAddress(address);
    return family === this.family && this.#places.find(value) !== undefined;
  }

  /** Taken addresses in ascending order. */
  leases(): Lease[] {
    return this.#places.spaces.flatMap((space) =>
      [...space.slots()]
        .flatMap((slot) => (slot.owner === undefined ? [] : [{ offset: slot.offset, slot, owner: slot.owner }]))
        .sort((a, b) => (a.offset < b.offset ? -1 : 1))
        .map(({ slot, owner }) => ({ address: formatAddress(this.family, space.placeOf(slot)), owner })),
    );
  }

  #parse(text: string): Cidr {
    const cidr = parseCidr(text);
    if (cidr.family !== this.family) throw new IpamError('invalid-config', `add CIDR ${text}: not an IPv${this.family} network`);
    return cidr;
  }

  #explain(value: bigint, refusal: Refusal): string {
    const space = this.#places.find(value);
    switch (refusal.reason) {
      case 'taken':
        return `taken by ${refusal.owner}`;
      case 'excluded':
        return 'excluded by the configuration';
      case 'edge':
        return `${edgeName(this.family, value === space?.first)} of ${space ? this.#name(space) : 'its network'}`;
      case 'outside':
        return `outside ${this.cidrs.join(', ') || `the networks of this allocator, which has none of IPv${this.family}`}`;
    }
  }

  #name(space: Space): string {
    return formatCidr({ family: this.family, first: space.first, length: this.#lengthOf(space) });
  }

  #lengthOf(space: Space): number {
    return addressBits(this.family) - ((space.last - space.first + 1n).toString(2).length - 1);
  }
}

function edgesOf(cidr: Cidr): { first: boolean; last: boolean } {
  const hasEdges = cidr.length < addressBits(cidr.family) - 1;
  return { first: hasEdges, last: hasEdges && cidr.family === 4 };
}

function edgeName(family: Family, isFirst: boolean): string {
  if (family === 6) return 'the subnet-router anycast address';
  return isFirst ? 'the network address' : 'the broadcast address';
}

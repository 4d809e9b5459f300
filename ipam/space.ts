import { count, type Interval, merge, subtract } from './interval.ts';

/** A place in a space, counted from its start: a number where that is exact, a bigint above 2^53. */
export type Offset = number | bigint;

/** One place that is taken (`owner` set) or was taken and rests before it is given out again (`owner` undefined). */
export interface Slot {
  readonly space: Space;
  readonly offset: Offset;
  owner: string | undefined;
}

/** What a place that nobody may have is. */
export type Closed = 'outside' | 'edge' | 'excluded';

/** How a space is made. Places are numbered; `first` and `last` are absolute, as are the `excluded` ones. */
export interface SpaceOptions extends Interval {
  readonly excluded: readonly Interval[];
  /** Places at the ends that are never given out: network and broadcast address, subnet-router anycast. */
  readonly edges: { readonly first: boolean; readonly last: boolean };
}

/** A run of places that may be given out, walked from its start in steps that are exact numbers. */
interface Segment {
  readonly first: Offset;
  readonly length: number;
}

/**
 * One contiguous run of numbered places. Nothing is stored for a place that was never taken, so that 2^64 places cost as much as eight.
 */
export class Space implements Interval {
  readonly first: bigint;
  readonly last: bigint;
  /** Places that may be given out. */
  readonly capacity: bigint;
  /** Places with an owner. */
  taken = 0;
  readonly #options: SpaceOptions;
  readonly #slots = new Map<Offset, Slot>();
  readonly #segments: readonly Segment[];
  #segment = 0;
  #step = 0;

  constructor(options: SpaceOptions) {
    this.first = options.first;
    this.last = options.last;
    this.#options = options;
    const open = subtract(options, merge([...options.excluded, ...this.#edgeHoles()]));
    this.capacity = count(open);
    this.#segments = open.map((interval) => ({
      first: toOffset(interval.first - this.first),
      length: Number(minimum(interval.last - interval.first + 1n, BigInt(Number.MAX_SAFE_INTEGER))),
    }));
  }

  /** Takes the next place that was never taken; undefined when there is none left. */
  takeNext(owner: string): Slot | undefined {
    for (let segment = this.#segments[this.#segment]; segment; segment = this.#segments[++this.#segment]) {
      while (this.#step < segment.length) {
        const offset = plus(segment.first, this.#step++);
        if (!this.#slots.has(offset)) return this.#add(offset, owner);
      }
      this.#step = 0;
    }
    return undefined;
  }

  /** The slot of a place, taken or resting. */
  find(place: bigint): Slot | undefined {
    return this.#slots.get(toOffset(place - this.first));
  }

  /** Takes a place that has no slot yet and is not closed. */
  take(place: bigint, owner: string): Slot {
    return this.#add(toOffset(place - this.first), owner);
  }

  /** Gives a resting place to a new owner. */
  reuse(slot: Slot, owner: string): void {
    slot.owner = owner;
    this.taken++;
  }

  /** Takes the owner away; the place rests. */
  free(slot: Slot): void {
    slot.owner = undefined;
    this.taken--;
  }

  /** Why nobody may have the place; undefined when it is open. */
  closed(place: bigint): Closed | undefined {
    if (place < this.first || place > this.last) return 'outside';
    if (this.#edgeHoles().some((edge) => edge.first === place)) return 'edge';
    return this.#options.excluded.some(({ first, last }) => first <= place && place <= last) ? 'excluded' : undefined;
  }

  /** Absolute number of a slot's place. */
  placeOf(slot: Slot): bigint {
    return this.first + BigInt(slot.offset);
  }

  /** All slots, taken and resting, in the order in which the places were first taken. */
  slots(): IterableIterator<Slot> {
    return this.#slots.values();
  }

  #add(offset: Offset, owner: string): Slot {
    const slot: Slot = { space: this, offset, owner };
    this.#slots.set(offset, slot);
    this.taken++;
    return slot;
  }

  #edgeHoles(): Interval[] {
    const { first, last, edges } = this.#options;
    return [...(edges.first ? [{ first, last: first }] : []), ...(edges.last ? [{ first: last, last }] : [])];
  }
}

function toOffset(value: bigint): Offset {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

function plus(first: Offset, step: number): Offset {
  return typeof first === 'number' && Number.isSafeInteger(first + step) ? first + step : toOffset(BigInt(first) + BigInt(step));
}

function minimum(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

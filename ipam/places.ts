import { Fifo } from './fifo.ts';
import type { Closed, Slot, Space } from './space.ts';

/** Why a place that was asked for by number is refused. */
export type Refusal = { readonly reason: Closed } | { readonly reason: 'taken'; readonly owner: string };

/**
 * Released places rest while there are places that were never used; once this many rest, the one that rested longest goes out first.
 * That keeps the memory of a node which starts and ends pods for years bounded in a range that is never used up. Our own number: some
 * hundred pods end between an address' release and its return, far more than the minute for which ARP caches and conntrack remember it.
 */
export const restingLimit = 1024;

/**
 * Gives out numbered places from many spaces. O(1) amortised to take and to release, O(log spaces) to find a place by its number.
 * Places are addresses or whole blocks; this class does not know which.
 */
export class Places {
  /** In ascending order; they do not overlap. */
  readonly #spaces: Space[] = [];
  readonly #fresh = new Fifo<Space>();
  readonly #resting = new Fifo<Slot>();
  readonly #idle = new Fifo<Space>();
  /** Places with an owner. */
  taken = 0;
  /** Places that may be given out in all spaces, taken ones included. */
  capacity = 0n;

  /** Spaces in ascending order. */
  get spaces(): readonly Space[] {
    return this.#spaces;
  }

  /** Adds a space, which must not overlap another. */
  add(space: Space): void {
    this.#spaces.splice(this.#after(space.first), 0, space);
    this.#fresh.push(space);
    this.#idle.push(space);
    this.capacity += space.capacity;
  }

  /** Takes a space out; what rests in it is forgotten. It must have no taken place. */
  remove(space: Space): void {
    for (const slot of space.slots()) this.#resting.delete(slot);
    this.#fresh.delete(space);
    this.#idle.delete(space);
    this.#spaces.splice(this.#spaces.indexOf(space), 1);
    this.capacity -= space.capacity;
  }

  /** The space that has been without a taken place for longest. */
  idle(): Space | undefined {
    return this.#idle.peek();
  }

  /** Takes any place; undefined when all are taken. */
  take(owner: string): Slot | undefined {
    const slot = this.#resting.size >= restingLimit ? this.#takeResting(owner) : (this.#takeFresh(owner) ?? this.#takeResting(owner));
    if (slot) this.#count(slot);
    return slot;
  }

  /** Takes the place with this number, or says why not. */
  takeAt(place: bigint, owner: string): Slot | Refusal {
    const space = this.find(place);
    const reason = space ? space.closed(place) : 'outside';
    if (!space || reason) return { reason: reason ?? 'outside' };
    const known = space.find(place);
    if (known?.owner !== undefined) return { reason: 'taken', owner: known.owner };
    if (known) this.#reuse(known, owner);
    const slot = known ?? space.take(place, owner);
    this.#count(slot);
    return slot;
  }

  /** Releases a place: it goes to the end of the queue. False when it is not taken, or taken by somebody else than `owner`. */
  release(place: bigint, owner?: string): boolean {
    const slot = this.find(place)?.find(place);
    if (slot?.owner === undefined || (owner !== undefined && slot.owner !== owner)) return false;
    slot.space.free(slot);
    this.taken--;
    this.#resting.push(slot);
    if (slot.space.taken === 0) this.#idle.push(slot.space);
    return true;
  }

  /** The space that holds a place. */
  find(place: bigint): Space | undefined {
    const space = this.#spaces[this.#after(place) - 1];
    return space && place <= space.last ? space : undefined;
  }

  #takeFresh(owner: string): Slot | undefined {
    for (let space = this.#fresh.peek(); space; space = this.#fresh.peek()) {
      const slot = space.takeNext(owner);
      if (slot) return slot;
      this.#fresh.delete(space);
    }
    return undefined;
  }

  #takeResting(owner: string): Slot | undefined {
    const slot = this.#resting.peek();
    if (slot) this.#reuse(slot, owner);
    return slot;
  }

  #reuse(slot: Slot, owner: string): void {
    this.#resting.delete(slot);
    slot.space.reuse(slot, owner);
  }

  #count(slot: Slot): void {
    this.taken++;
    this.#idle.delete(slot.space);
  }

  /** Index of the first space that starts above `place`. */
  #after(place: bigint): number {
    let [low, high] = [0, this.#spaces.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const space = this.#spaces[middle];
      if (space && space.first <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A seeded source of randomness: the same seed, the same numbers (mulberry32, public domain). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `low` up to, not including, `high`. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** `length` hex digits. */
  hex(length: number): string {
    return Array.from({ length }, () => this.integer(0, 16).toString(16)).join('');
  }
}

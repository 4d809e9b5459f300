/** Growing pauses between tries: from `firstMs`, doubled up to `mostMs`, each lengthened at random by up to itself; from the start again after a calm time. */
export class Backoff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  readonly #calmMs: number;
  #nextMs: number;
  #last = Number.NEGATIVE_INFINITY;

  constructor({ firstMs = 800, mostMs = 30_000, calmMs = 120_000 }: BackoffOptions = {}) {
    this.#firstMs = firstMs;
    this.#mostMs = mostMs;
    this.#calmMs = calmMs;
    this.#nextMs = firstMs;
  }

  /** @param leastMs what the server asked for */
  next(leastMs = 0, now: number = performance.now()): number {
    if (now - this.#last > this.#calmMs) this.#nextMs = this.#firstMs;
    const base = this.#nextMs;
    this.#nextMs = Math.min(this.#mostMs, base * 2);
    this.#last = now;
    return Math.max(leastMs, base * (1 + Math.random()));
  }
}

export interface BackoffOptions {
  readonly firstMs?: number;
  readonly mostMs?: number;
  readonly calmMs?: number;
}

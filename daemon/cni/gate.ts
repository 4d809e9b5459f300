/** Lets a number of pieces of work run at a time; the others wait in the order in which they came. */
export class Gate {
  readonly #places: () => number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** `places` may change; see `admit`. */
  constructor(places: () => number) {
    this.#places = places;
  }

  /** Whether something runs or waits. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** Runs `work` when there is room. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#places()) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.admit();
    }
  }

  /** Lets in whom there is room for; to be called when there are more places than before. */
  admit(): void {
    while (this.#running < this.#places()) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running += 1;
      next();
    }
  }
}

/** Runs work again and again, a period after its last run has ended: while the kernel is busy for longer, runs do not queue up. Keeps no process alive. */
export class Periodic {
  readonly #periodMs: number;
  readonly #work: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** `work` handles its own errors. */
  constructor(periodMs: number, work: () => Promise<void>) {
    this.#periodMs = periodMs;
    this.#work = work;
    this.#later();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** A run that has begun goes on to its end. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #later(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#work().finally(() => this.#later()), this.#periodMs).unref();
  }
}

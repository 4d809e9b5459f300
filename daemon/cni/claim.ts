import type { Claim } from '../endpoint/ports.ts';

/**
 * The claim of a call that is served in this process. It lives as long as the call's work does, and not as the connection: when the launcher goes,
 * the work goes on until it has taken back what it made, and nobody may undo the endpoint under its hands. What it leaves unfinished all the
 * same is undone when the claim ends.
 */
export class CallClaim implements Claim {
  readonly since = performance.now();
  readonly isDaemon = true;
  #alive = true;
  #leaving: Promise<void> | undefined;
  readonly #callbacks = new Set<() => void>();

  get alive(): boolean {
    return this.#alive;
  }

  get leaving(): Promise<void> | undefined {
    return this.#leaving;
  }

  whenClosed(callback: () => void): () => void {
    if (!this.#alive) queueMicrotask(callback);
    else this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  /** Nobody waits for the work any more, or it cannot succeed. Whoever wants the endpoint next waits until it is out of the way. */
  leave(): void {
    this.#leaving ??= new Promise((resolve) => void this.whenClosed(resolve));
  }

  /** The work is done. */
  end(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const callback of [...this.#callbacks]) callback();
    this.#callbacks.clear();
  }
}

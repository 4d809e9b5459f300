/** Lets any number of readers wait for the next change. */
export class Wakeup {
  readonly #waiting = new Set<() => void>();

  wake(): void {
    for (const resume of this.#waiting) resume();
  }

  /** Returns after the next `wake`, after `ms`, or when `signal` aborts. */
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const resume = () => {
        clearTimeout(timer);
        this.#waiting.delete(resume);
        signal?.removeEventListener('abort', resume);
        resolve();
      };
      const timer = setTimeout(resume, Math.min(Math.max(0, ms), 2 ** 31 - 1));
      this.#waiting.add(resume);
      signal?.addEventListener('abort', resume);
    });
  }
}

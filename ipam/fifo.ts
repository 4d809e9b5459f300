/**
 * A queue whose items can also leave from the middle. Every call is O(1) amortised: a `Set` keeps insertion order, and the kept iterator
 * does not walk over the deleted head again, which a fresh `values().next()` per call would.
 */
export class Fifo<T extends object> {
  readonly #items = new Set<T>();
  #cursor = this.#items.values();
  #head: T | undefined;

  get size(): number {
    return this.#items.size;
  }

  /** Puts the item at the end; one that is already in the queue keeps its place. */
  push(item: T): void {
    this.#items.add(item);
  }

  /** Takes the item out, wherever it stands; false when it is not in the queue. */
  delete(item: T): boolean {
    if (item === this.#head) this.#head = undefined;
    return this.#items.delete(item);
  }

  /** The oldest item, which stays; undefined when the queue is empty. */
  peek(): T | undefined {
    if (this.#items.size === 0) return undefined;
    while (this.#head === undefined) {
      const next = this.#cursor.next();
      if (next.done) this.#cursor = this.#items.values();
      else this.#head = next.value;
    }
    return this.#head;
  }
}

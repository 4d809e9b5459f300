import { DomainError } from '../domain-error.ts';

const LAST = 65535;

/**
 * Endpoint ids, 1 to 65535 (a `__u16` in the maps), unique on the node. They go round: a freed id is given again only after all the
 * others, so that an event or a log line about an old pod is not taken for one of a new pod.
 */
export class IdPool {
  readonly #used = new Set<number>();
  #cursor = 0;

  /** The next free id. Throws `internal` when all 65535 are in use. */
  take(): number {
    for (let step = 1; step <= LAST; step++) {
      const id = ((this.#cursor + step - 1) % LAST) + 1;
      if (this.#used.has(id)) continue;
      this.#used.add(id);
      this.#cursor = id;
      return id;
    }
    throw new DomainError('internal', `give out an endpoint id: all ${LAST} are in use`);
  }

  /** Marks an id of a record found at start; false when it is taken already. */
  claim(id: number): boolean {
    if (this.#used.has(id)) return false;
    this.#used.add(id);
    this.#cursor = Math.max(this.#cursor, id);
    return true;
  }

  release(id: number): void {
    this.#used.delete(id);
  }
}

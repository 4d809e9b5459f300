import { StoreError } from '../errors.ts';
import type { Change } from '../objects/log.ts';

/** The last changes, for watches and pages that began before them. */
export class History {
  readonly #most: number;
  #changes: Change[] = [];
  /** the revision before the oldest change that is kept */
  #base: number;

  constructor(base: number, most: number) {
    this.#base = base;
    this.#most = most;
  }

  /** What came before is unknown: a reader at this revision or later misses nothing. */
  get base(): number {
    return this.#base;
  }

  add(change: Change): void {
    this.#changes.push(change);
    // half at a time, so that dropping costs nothing
    if (this.#changes.length >= this.#most * 2) this.#drop(this.#changes.length - this.#most);
  }

  /** The changes after a revision, oldest first. Throws Expired when some of them are gone. */
  since(revision: number): readonly Change[] {
    if (revision < this.#base) throw new StoreError('Expired', `too old resource version: ${revision} (${this.#base})`);
    return this.#changes.slice(this.#indexAfter(revision));
  }

  /** The next change after a revision; undefined when there is none yet. Throws Expired. */
  next(revision: number): Change | undefined {
    if (revision < this.#base) throw new StoreError('Expired', `too old resource version: ${revision} (${this.#base})`);
    return this.#changes[this.#indexAfter(revision)];
  }

  #drop(count: number): void {
    this.#base = this.#changes[count - 1]?.revision ?? this.#base;
    this.#changes = this.#changes.slice(count);
  }

  /** Revisions rise by one with each change. */
  #indexAfter(revision: number): number {
    return revision - this.#base;
  }
}

import { KeyedLock } from './locks.ts';
import type { Claim } from './ports.ts';

/** Who makes, or tries to make, an attachment, by its key, for as long as the maker's call lasts. */
export class Makers {
  readonly #locks: KeyedLock;
  readonly #claims = new Map<string, Set<Claim>>();

  /** `locks`: those of the attachments. */
  constructor(locks: KeyedLock = new KeyedLock()) {
    this.#locks = locks;
  }

  /** Remembers a maker until its call has ended, however that ends. To be told before anything is awaited: a DEL may come at any time. */
  add(key: string, claim: Claim): void {
    const claims = this.#claims.get(key) ?? new Set();
    this.#claims.set(key, claims.add(claim));
    claim.whenClosed(() => {
      claims.delete(claim);
      if (claims.size === 0 && this.#claims.get(key) === claims) this.#claims.delete(key);
    });
  }

  /**
   * Waits until makers that take back what they did are out of the way. They go on by the names of device and pins when their endpoint has been
   * buried already, or is not there yet: whoever makes the attachment anew meanwhile would lose both. A maker waits for those before it alone, so
   * that no two wait for each other; `mine` is the claim of who asks.
   */
  async leave(key: string, mine: Claim | undefined): Promise<void> {
    await Promise.all(this.#leaving(key, mine));
  }

  /** Runs `work` under the attachment's lock when no such maker is there; one may have turned up while the lock was waited for, which it needs itself. */
  async alone<T>(key: string, mine: Claim | undefined, work: () => Promise<T>): Promise<T> {
    for (;;) {
      await this.leave(key, mine);
      const done = await this.#locks.run(key, async () => (this.#leaving(key, mine).length > 0 ? undefined : { answer: await work() }));
      if (done !== undefined) return done.answer;
    }
  }

  #leaving(key: string, mine: Claim | undefined): Promise<void>[] {
    const claims = [...(this.#claims.get(key) ?? [])];
    const place = mine === undefined ? -1 : claims.indexOf(mine);
    const others = place < 0 ? claims : claims.slice(0, place);
    return others.flatMap(({ leaving }) => leaving ?? []);
  }
}

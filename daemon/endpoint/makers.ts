import type { Claim } from './ports.ts';

/** Who makes, or tries to make, an attachment, by its key, for as long as the maker's call lasts. */
export class Makers {
  readonly #claims = new Map<string, Set<Claim>>();

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
    const claims = [...(this.#claims.get(key) ?? [])];
    const place = mine === undefined ? -1 : claims.indexOf(mine);
    const others = place < 0 ? claims : claims.slice(0, place);
    await Promise.all(others.map((claim) => claim.leaving));
  }
}

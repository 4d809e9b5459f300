import type { Claim } from './ports.ts';

/** Who makes, or has made, an attachment, by its key, for as long as the maker's call lasts. */
export class Makers {
  readonly #claims = new Map<string, Claim>();

  /** Remembers the maker until its call has ended, however that ends. */
  add(key: string, claim: Claim): void {
    this.#claims.set(key, claim);
    claim.whenClosed(() => {
      if (this.#claims.get(key) === claim) this.#claims.delete(key);
    });
  }

  /**
   * Waits until a maker that takes back what it did is out of the way. It goes on by the names of device and pins when its endpoint has been buried
   * already: whoever makes the attachment anew meanwhile would lose both. `mine`: the claim of who asks, who does not wait for itself.
   */
  async leave(key: string, mine: Claim | undefined): Promise<void> {
    const claim = this.#claims.get(key);
    if (claim !== mine) await claim?.leaving;
  }
}

import { closeSync } from 'node:fs';

/** Descriptors that this process has adopted and not closed: number → what it is. Tests compare it before and after. */
const live = new Map<number, string>();

/**
 * An owned file descriptor. Exactly one Fd owns a number; the holder of the Fd closes it, there is no finaliser.
 * Every descriptor here is close-on-exec.
 */
export class Fd {
  readonly what: string;
  #fd: number;

  private constructor(fd: number, what: string) {
    this.#fd = fd;
    this.what = what;
    live.set(fd, what);
  }

  /** Takes ownership of descriptor `fd`; `what` names it in errors and in {@link liveFds}. */
  static adopt(fd: number, what: string): Fd {
    return new Fd(fd, what);
  }

  /** The number, for one call. Throws when the descriptor is closed. */
  use(): number {
    if (this.#fd < 0) throw new Error(`use ${this.what}: the descriptor is closed`);
    return this.#fd;
  }

  get closed(): boolean {
    return this.#fd < 0;
  }

  /** Closes the descriptor; closing twice is fine. */
  close(): void {
    if (this.#fd < 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    live.delete(fd);
    closeSync(fd);
  }

  /** Releases the number to the caller, who closes it. This Fd counts as closed from then on. */
  release(): number {
    const fd = this.use();
    this.#fd = -1;
    live.delete(fd);
    return fd;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The descriptors that are open now, each with what it is, for leak checks. */
export function liveFds(): ReadonlyMap<number, string> {
  return new Map(live);
}

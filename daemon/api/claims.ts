import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Claim } from '../endpoint/ports.ts';

/**
 * How long a client whose endpoint has ended is waited for, in milliseconds: a step in the kernel and its next request take less, also on a busy
 * machine, and then it knows. One that was stopped must not hold up a DEL for long.
 */
const LEAVING_MS = 5000;

const claims = new WeakMap<Socket, Claim>();

/** The claim of a client: its connection. A plugin does a whole ADD over one, so that its death shows as the connection's end. */
export function claimOf(socket: Socket): Claim {
  const known = claims.get(socket);
  if (known !== undefined) return known;
  const claim = new ConnectionClaim(socket);
  claims.set(socket, claim);
  return claim;
}

class ConnectionClaim implements Claim {
  readonly #socket: Socket;
  readonly #callbacks = new Set<() => void>();
  #leaving: Promise<void> | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.once('close', () => {
      for (const callback of [...this.#callbacks]) callback();
      this.#callbacks.clear();
    });
  }

  get alive(): boolean {
    return !this.#socket.destroyed;
  }

  get leaving(): Promise<void> | undefined {
    return this.#leaving;
  }

  leave(): void {
    if (this.#leaving !== undefined) return;
    const closed = new Promise<void>((resolve) => void this.whenClosed(resolve));
    this.#leaving = Promise.race([closed, sleep(LEAVING_MS, undefined, { ref: false })]).then(() => {
      this.#leaving = undefined;
    });
  }

  whenClosed(callback: () => void): () => void {
    if (this.#socket.closed) queueMicrotask(callback);
    else this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }
}

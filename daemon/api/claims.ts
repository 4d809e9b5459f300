import type { Socket } from 'node:net';
import type { Claim } from '../endpoint/ports.ts';

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

  whenClosed(callback: () => void): () => void {
    if (this.#socket.closed) queueMicrotask(callback);
    else this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }
}

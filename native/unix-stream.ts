import { sys } from './binding.ts';
import { awaiting, calling } from './errors.ts';
import { Fd } from './fd.ts';

/*
 * A client's side of Unix stream sockets, for a process that lives some milliseconds: loading node:net would cost more than all that such a process
 * says.
 */

/** Connects to a socket file. Throws SyscallError: ENOENT (no such file), ECONNREFUSED (no listener), EAGAIN (its queue is full), EACCES. */
export function connectUnix(path: string): Fd {
  return Fd.adopt(
    calling(`connect to ${path}`, () => sys().unixConnect(path)),
    `connection to ${path}`,
  );
}

/**
 * Sends all of `request`, then waits for the next part of what the peer says; both within `timeoutMs`. Empty at the end of the stream. Throws
 * SyscallError: ETIMEDOUT, EPIPE and ECONNRESET (the peer has closed).
 */
export async function exchangeUnix(connection: Fd, request: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
  return await awaiting(`talk on ${connection.what}`, () => sys().unixExchange(connection.use(), request, Math.ceil(timeoutMs)));
}

/** Whether the peer has shut down or closed its side. Throws SyscallError. */
export function hasEndedUnix(connection: Fd): boolean {
  return sys().unixHasEnded(connection.use());
}

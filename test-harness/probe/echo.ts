import type { AddressInfo, Socket } from 'node:net';
import { type Family, familyOf } from '../lab/address.ts';
import type { NetworkNamespace } from '../lab/namespace.ts';
import { ask, echoed } from './exchange.ts';
import { WrongAnswer } from './outcome.ts';
import { bindingFor, bindUdp, connectTcp, listenTcp } from './socket.ts';

/** What a probe found. Not reaching is an answer, not an error, so that a test can expect it. */
export interface ProbeResult {
  readonly reached: boolean;
  /** why not: an errno name, `timeout`, or what came back wrong */
  readonly reason?: string;
  /** milliseconds */
  readonly duration: number;
  /** the client's address as the server saw it: shows address translation on the way */
  readonly seenFrom?: string;
}

export interface EchoOptions {
  /** family of the target's address (default 4); not needed with `address` */
  readonly family?: Family;
  /** one of the target's addresses; unless given its first global one of the family */
  readonly address?: string;
  /** port of the server; 0 (default) lets the kernel choose */
  readonly port?: number;
  /** payload (default 1000) */
  readonly bytes?: number;
  /** milliseconds for all of it (default 2000) */
  readonly timeout?: number;
}

/** Starts a TCP echo server in `to`, connects to it out of `from`, sends a payload and expects it back. */
export async function tcpEcho(from: NetworkNamespace, to: NetworkNamespace, options: EchoOptions = {}): Promise<ProbeResult> {
  const { address, family, payload, timeout } = await settle(to, options);
  const seen: { from?: string } = {};
  const accepted = new Set<Socket>();
  const server = await listenTcp(
    to,
    family,
    (socket) => {
      accepted.add(socket);
      if (socket.remoteAddress !== undefined) seen.from = socket.remoteAddress;
      socket.on('error', () => undefined);
      socket.pipe(socket);
    },
    options.port,
  );
  try {
    return await timed(() => exchangeTcp(from, family, address, (server.address() as AddressInfo).port, payload, timeout), seen);
  } finally {
    for (const socket of accepted) socket.destroy();
    server.close();
  }
}

async function exchangeTcp(
  from: NetworkNamespace,
  family: Family,
  address: string,
  port: number,
  payload: Buffer,
  timeout: number,
): Promise<void> {
  const socket = await connectTcp(from, family, address, port, timeout);
  try {
    await echoed(socket, timeout, payload);
  } finally {
    socket.destroy();
  }
}

/** Starts a UDP echo server in `to`, sends it one datagram out of `from` and expects it back. There is no second try. */
export async function udpEcho(from: NetworkNamespace, to: NetworkNamespace, options: EchoOptions = {}): Promise<ProbeResult> {
  const { address, family, payload, timeout } = await settle(to, options);
  const seen: { from?: string } = {};
  const server = await bindUdp(to, family, options.port, await bindingFor(to, address));
  server.on('error', () => undefined);
  server.on('message', (message, peer) => {
    seen.from = peer.address;
    server.send(message, peer.port, peer.address);
  });
  try {
    return await timed(async () => {
      const answer = await ask(from, family, address, server.address().port, payload, timeout);
      if (!answer.equals(payload)) throw new WrongAnswer('other bytes came back');
    }, seen);
  } finally {
    server.close();
  }
}

async function settle(
  to: NetworkNamespace,
  options: EchoOptions,
): Promise<{ address: string; family: Family; payload: Buffer; timeout: number }> {
  const address = options.address ?? (await to.address(options.family ?? 4));
  const payload = Buffer.from(Uint8Array.from({ length: options.bytes ?? 1000 }, (_, i) => (i * 7) & 255));
  return { address, family: familyOf(address), payload, timeout: options.timeout ?? 2000 };
}

async function timed(action: () => Promise<void>, seen: { from?: string }): Promise<ProbeResult> {
  const began = performance.now();
  const took = () => ({ duration: performance.now() - began, ...(seen.from === undefined ? {} : { seenFrom: seen.from }) });
  try {
    await action();
    return { reached: true, ...took() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { reached: false, reason: code ?? message, ...took() };
  }
}

import type { Server, Socket } from 'node:net';
import type { Family } from '../lab/address.ts';
import type { NetworkNamespace } from '../lab/namespace.ts';
import { WrongAnswer, withinTime } from './outcome.ts';
import { bindUdp, connectTcp, listenTcp, type StreamType } from './socket.ts';

/** What a server of a probe saw. */
export interface Seen {
  /** the client's address */
  from?: string;
}

/** Where a server of a probe listens, or a client connects to. */
export interface Endpoint {
  readonly at: NetworkNamespace;
  readonly family: Family;
  readonly address: string;
  readonly port: number;
}

/** One kind of conversation: how to answer it, and how to try it once. */
export interface Exchange {
  /** in words: `TCP port 8080` */
  readonly name: string;
  readonly port: number;
  /** a lost packet is nobody's business but the prober's: silence deserves another attempt */
  readonly lossy: boolean;
  /** Starts something that answers. Rejects with EADDRINUSE when somebody else does already. */
  serve(where: Endpoint, seen: Seen): Promise<Disposable>;
  /** One attempt; resolves when the right answer came. `own`: what {@link serve} started is the one who answers. */
  attempt(to: Endpoint, timeout: number, own: boolean): Promise<void>;
}

/** Nothing that a real protocol would send first. */
const PAYLOAD = Buffer.from(Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) & 255));

/** A TCP or SCTP connection: with an own echo server 1000 bytes go there and back, with another one it counts that it is accepted. */
export function streamExchange(port: number, type: StreamType = 'stream'): Exchange {
  return {
    name: `${type === 'sctp' ? 'SCTP' : 'TCP'} port ${port}`,
    port,
    lossy: false,
    async serve({ at, family, address, port: own }, seen) {
      const echo = (socket: Socket) => socket.pipe(socket);
      return serving(seen, echo, (onConnection) => listenTcp(at, family, onConnection, own, address, type));
    },
    async attempt({ at, family, address }, timeout, own) {
      const began = performance.now();
      const socket = await connectTcp(at, family, address, port, timeout, type);
      try {
        if (own) await echoed(socket, Math.max(1, timeout - (performance.now() - began)));
      } finally {
        socket.destroy();
      }
    },
  };
}

/** A stream server whose connections end with it. */
export async function serving(
  seen: Seen,
  onSocket: (socket: Socket) => void,
  listen: (onConnection: (socket: Socket) => void) => Promise<Server>,
): Promise<Disposable> {
  const open = new Set<Socket>();
  const server = await listen((socket) => {
    open.add(socket);
    if (socket.remoteAddress !== undefined) seen.from = socket.remoteAddress;
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  return {
    [Symbol.dispose]() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

/** Sends the payload and waits for it to come back. */
export function echoed(socket: Socket, timeout: number, payload: Buffer = PAYLOAD): Promise<void> {
  const chunks: Buffer[] = [];
  const arrived = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new WrongAnswer('closed by the other side')));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const got = Buffer.concat(chunks);
      if (got.length < payload.length) return;
      if (got.equals(payload)) resolve();
      else reject(new WrongAnswer('other bytes came back'));
    });
  });
  socket.write(payload);
  return withinTime(arrived, timeout);
}

/** A datagram: an own server echoes it; from another one any answer counts. */
export function datagramExchange(port: number): Exchange {
  return {
    name: `UDP port ${port}`,
    port,
    lossy: true,
    async serve(where, seen) {
      return answering(where, seen, (message) => message);
    },
    async attempt({ at, family, address }, timeout, own) {
      const answer = await ask(at, family, address, port, PAYLOAD, timeout);
      if (own && !answer.equals(PAYLOAD)) throw new WrongAnswer('other bytes came back');
    },
  };
}

/** A datagram server that says `answer(message)` to each, from the address that was asked. */
export async function answering(
  { at, family, address, port }: Endpoint,
  seen: Seen,
  answer: (message: Buffer) => Uint8Array | undefined,
): Promise<Disposable> {
  const server = await bindUdp(at, family, port, address);
  server.on('error', () => undefined);
  server.on('message', (message, peer) => {
    seen.from = peer.address;
    const back = answer(message);
    if (back !== undefined) server.send(back, peer.port, peer.address);
  });
  return {
    [Symbol.dispose]() {
      server.close();
    },
  };
}

/**
 * Sends one datagram over a connected socket and resolves with what comes back. Connected, so that ICMP errors arrive as ECONNREFUSED or
 * EHOSTUNREACH, and that an answer from another address than was asked does not count (udp(7)).
 */
export async function ask(
  from: NetworkNamespace,
  family: Family,
  address: string,
  port: number,
  message: Uint8Array,
  timeout: number,
): Promise<Buffer> {
  const socket = await bindUdp(from, family);
  try {
    return await withinTime(
      new Promise<Buffer>((resolve, reject) => {
        socket.on('error', reject);
        socket.on('message', resolve);
        socket.connect(port, address, (error?: Error) => {
          if (error) reject(error);
          else socket.send(message, (failed) => failed && reject(failed));
        });
      }),
      timeout,
    );
  } finally {
    socket.close();
  }
}

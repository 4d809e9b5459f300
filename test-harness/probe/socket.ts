import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, Socket } from 'node:net';
import { hasErrno, openInetSocket } from '../../native/index.ts';
import { HarnessError } from '../errors.ts';
import { bareAddress, type Family, familyOf } from '../lab/address.ts';
import type { NetworkNamespace } from '../lab/namespace.ts';

/*
 * Sockets of the test process that live in a namespace of the lab: a probe costs two system calls instead of a process. A socket stays in the
 * namespace in which it was born, whoever uses it (network_namespaces(7)).
 */

/** Byte streams: TCP, or SCTP one-to-one where the kernel has it. */
export type StreamType = 'stream' | 'sctp';

/** Opens the descriptor; throws UNSUPPORTED where the kernel has no SCTP. */
async function openStream(
  at: NetworkNamespace,
  family: Family,
  type: StreamType,
  bind?: { address: string; port: number },
): Promise<number> {
  using netns = at.netns();
  try {
    const fd = await openInetSocket(netns, { family, type, ...(bind === undefined ? {} : { bind }) });
    return fd.release();
  } catch (cause) {
    if (type !== 'sctp' || !(hasErrno(cause, 'EPROTONOSUPPORT') || hasErrno(cause, 'ESOCKTNOSUPPORT'))) throw cause;
    throw new HarnessError('UNSUPPORTED', `open an SCTP socket in ${at.name}: this kernel has no SCTP (CONFIG_IP_SCTP)`, { cause });
  }
}

/** A TCP server in a namespace, listening on `address` (all of the family unless given). Port 0 lets the kernel choose. */
export async function listenTcp(
  at: NetworkNamespace,
  family: Family,
  onConnection: (socket: Socket) => void,
  port = 0,
  address = anyOf(family),
  type: StreamType = 'stream',
): Promise<Server> {
  const fd = await openStream(at, family, type, { address, port });
  const server = createServer({ allowHalfOpen: false }, onConnection);
  server.listen({ fd });
  await once(server, 'listening');
  return server;
}

/** A TCP connection out of a namespace. Rejects with the errno of connect(2), or ETIMEDOUT after `timeout` ms. */
export async function connectTcp(
  from: NetworkNamespace,
  family: Family,
  address: string,
  port: number,
  timeout: number,
  type: StreamType = 'stream',
): Promise<Socket> {
  // manualStart: do not read before the socket is connected
  const options = { fd: await openStream(from, family, type), manualStart: true };
  const socket = new Socket(options);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => socket.destroy(Object.assign(new Error(`connect ETIMEDOUT ${address}`), { code: 'ETIMEDOUT' })),
      timeout,
    );
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.connect({ port, host: address }, () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

/** A UDP socket in a namespace, bound to `address` and `port`. */
export async function bindUdp(at: NetworkNamespace, family: Family, port = 0, address = anyOf(family)): Promise<DatagramSocket> {
  using netns = at.netns();
  const fd = await openInetSocket(netns, { family, type: 'datagram', bind: { address, port } });
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  // `listening` is emitted before this returns, because nothing is left to be done
  socket.bind({ fd: fd.release() });
  return socket;
}

export function anyOf(family: Family): string {
  return family === 4 ? '0.0.0.0' : '::';
}

/**
 * Where a server in `at` should be bound to be asked at `address`: there, when it is one of its own, so that it also answers from there (a socket that
 * takes all addresses answers UDP from the one that the route back prefers); else everywhere.
 */
export async function bindingFor(at: NetworkNamespace, address: string): Promise<string> {
  const own = await at.addresses();
  return own.some((row) => bareAddress(row) === address) ? address : anyOf(familyOf(address));
}

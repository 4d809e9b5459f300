import { sys } from './binding.ts';
import { awaiting } from './errors.ts';
import { Fd } from './fd.ts';
import type { Netns } from './netns.ts';

/** Address families and socket types by their kernel numbers (linux/socket.h, linux/net.h). */
const FAMILY = { 4: 2, 6: 10 } as const;
const TYPE = { stream: 1, datagram: 2, sctp: 1 } as const;
/** linux/in.h; 0 is the usual protocol of the type. */
const PROTOCOL = { stream: 0, datagram: 0, sctp: 132 } as const;

export interface InetSocketOptions {
  readonly family: 4 | 6;
  /** TCP, UDP, or SCTP one-to-one (sctp(7)) */
  readonly type: 'stream' | 'datagram' | 'sctp';
  /** local name; port 0 lets the kernel choose. Unbound when absent. An IPv6 socket that is bound takes IPv6 only. */
  readonly bind?: { readonly address: string; readonly port: number };
}

/**
 * A TCP, UDP or SCTP socket that lives in `ns`, not blocking, not connected. Give its number to `net` or `dgram`, which then own it
 * ({@link Fd.release}). Throws SyscallError: EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EPROTONOSUPPORT
 * (a kernel without SCTP).
 */
export async function openInetSocket(ns: Netns, options: InetSocketOptions): Promise<Fd> {
  const { family, type, bind } = options;
  const what = `${type} socket in ${ns.path}`;
  const fd = await awaiting(`open ${what}${bind === undefined ? '' : ` on ${bind.address} port ${bind.port}`}`, () =>
    sys().inetOpen(ns.use(), FAMILY[family], TYPE[type], bind?.address ?? '', bind?.port ?? 0, PROTOCOL[type]),
  );
  return Fd.adopt(fd, what);
}

import { sys } from './binding.ts';
import { awaiting } from './errors.ts';
import { Fd } from './fd.ts';
import type { Netns } from './netns.ts';

/** Address families and socket types by their kernel numbers (linux/socket.h, linux/net.h). */
const FAMILY = { 4: 2, 6: 10 } as const;
const TYPE = { stream: 1, datagram: 2 } as const;

export interface InetSocketOptions {
  readonly family: 4 | 6;
  /** TCP or UDP */
  readonly type: 'stream' | 'datagram';
  /** local name; port 0 lets the kernel choose. Unbound when absent. An IPv6 socket that is bound takes IPv6 only. */
  readonly bind?: { readonly address: string; readonly port: number };
}

/**
 * A TCP or UDP socket that lives in `ns`, not blocking, not connected. Give its number to `net` or `dgram`, which then own it
 * ({@link Fd.release}). Throws SyscallError: EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT.
 */
export async function openInetSocket(ns: Netns, options: InetSocketOptions): Promise<Fd> {
  const { family, type, bind } = options;
  const what = `${type} socket in ${ns.path}`;
  const fd = await awaiting(`open ${what}${bind === undefined ? '' : ` on ${bind.address} port ${bind.port}`}`, () =>
    sys().inetOpen(ns.use(), FAMILY[family], TYPE[type], bind?.address ?? '', bind?.port ?? 0),
  );
  return Fd.adopt(fd, what);
}

import { existsSync } from 'node:fs';
import { CniError } from '../conf/cni/errors.ts';
import { hasErrno } from '../native/errors.ts';
import type { Rtnetlink } from '../native/netlink/rtnetlink.ts';
import { Netns } from '../native/netns.ts';
import { setSysctl } from '../native/sysctl.ts';
import type { Pod } from './types.ts';

/** A pod's namespace with a netlink socket that lives in it. */
export class OpenPod implements Pod {
  readonly path: string;
  readonly netns: Netns;
  readonly netlink: Rtnetlink;

  constructor(path: string, netns: Netns, netlink: Rtnetlink) {
    this.path = path;
    this.netns = netns;
    this.netlink = netlink;
  }

  get identity(): string {
    return this.netns.identity;
  }

  /** Sets `net.ipv6.conf.WHICH.KEY`; `which` is a device, `all` or `default`. Throws SyscallError. */
  async setIpv6(which: string, key: string, value: string): Promise<void> {
    // In a sysctl's name a dot that belongs to the device is written as a slash.
    await setSysctl(this.netns, `net.ipv6.conf.${which.replaceAll('.', '/')}.${key}`, value);
  }

  [Symbol.dispose](): void {
    this.netlink.close();
    this.netns.close();
  }
}

/** The pod that a `KernelHost` has opened, whichever way. */
export function asOpen(pod: Pod): OpenPod {
  if (pod instanceof OpenPod) return pod;
  throw new TypeError(`use pod ${pod.path}: it was opened by another host`);
}

/** Errors: CniError `invalid-netns` for a path that is gone or no network namespace. */
export function openNetns(path: string): Netns {
  try {
    return Netns.open(path);
  } catch (cause) {
    if (!isAboutThePath(cause)) throw cause;
    const reason = hasErrno(cause, 'ENOENT') ? 'no such file' : cause.message;
    throw new CniError('invalid-netns', `use CNI_NETNS ${path}: ${reason}`, { cause });
  }
}

/** The kernel, or our own look at the file, refused it; anything else is a fault of ours. */
function isAboutThePath(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && (error.code === 'NOT_A_NETNS' || error.code === 'SYSCALL');
}

/** Errors: CniError `invalid-netns` for the namespace of this very process. */
export function refuseOwn(netns: Netns): void {
  using own = Netns.current();
  if (!netns.equals(own)) return;
  throw new CniError('invalid-netns', `use CNI_NETNS ${netns.path}: it is the network namespace of the plugin itself`);
}

/** Whether the kernel has IPv6 at all: booted with ipv6.disable=1, or built without, it refuses everything about it. */
export function kernelHasIpv6(): boolean {
  return existsSync('/proc/sys/net/ipv6');
}

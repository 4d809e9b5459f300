import { sys } from './binding.ts';
import { awaiting, calling } from './errors.ts';
import { Fd } from './fd.ts';
import type { Netns } from './netns.ts';

/** What a monitor's socket needs besides; groups are RTNLGRP_* numbers (linux/rtnetlink.h), not masks. */
export interface NetlinkSocketOptions {
  readonly groups?: readonly number[];
  /** Receive buffer in bytes (SO_RCVBUFFORCE, else SO_RCVBUF). */
  readonly receiveBytes?: number;
}

/**
 * A bound netlink socket that lives in `ns` (the process's own when undefined), with extended ACKs, capped ACKs and strict checking of
 * dump requests on. `protocol`: NETLINK_ROUTE is 0 (linux/netlink.h). Throws SyscallError.
 */
export async function openNetlinkSocket(ns: Netns | undefined, protocol: number, options: NetlinkSocketOptions = {}): Promise<Fd> {
  const subject = `open netlink socket in ${ns?.path ?? 'own namespace'}`;
  const groups = Uint32Array.from(options.groups ?? []);
  const fd = await awaiting(subject, () => sys().netlinkOpen(ns?.use(), protocol, groups, options.receiveBytes ?? 0));
  return Fd.adopt(fd, `netlink socket in ${ns?.path ?? 'own namespace'}`);
}

/**
 * Makes a netlink socket that another process opened, in any namespace, and passed unbound, one like those of `openNetlinkSocket`. The kernel
 * asks for the rights of both: of who opened it and of who sends. Throws SyscallError: EPROTOTYPE for a socket of another kind.
 */
export function adoptNetlinkSocket(fd: Fd, protocol: number): void {
  calling(`adopt netlink socket from ${fd.what}`, () => sys().netlinkAdopt(fd.use(), protocol));
}

/** What is sent at once: a request, or several of which the kernel tries all. */
export interface Datagram {
  readonly bytes: Uint8Array;
  /** nlmsg_seq of the last request in it, which must ask for an ACK or a dump. */
  readonly sequence: number;
}

/**
 * Sends datagrams in turn, each when the kernel has done what the one before it asked, and none after one whose last request was refused.
 * Answers with the kernel's datagrams, up to and including the ACK, error or end of dump of each. Datagrams from other senders are dropped;
 * none is ever cut off (EMSGSIZE). Throws SyscallError: ENOBUFS when answers were lost, ETIMEDOUT when the kernel stays silent for 30 s.
 */
export async function netlinkTransact(fd: Fd, datagrams: readonly Datagram[]): Promise<Uint8Array[]> {
  const sequences = Uint32Array.from(datagrams, ({ sequence }) => sequence);
  const all = datagrams.map(({ bytes }) => bytes);
  return awaiting(`netlink request on ${fd.what}`, () => sys().netlinkTransact(fd.use(), all, sequences));
}

/** One datagram from the kernel without waiting, or undefined. Throws SyscallError: ENOBUFS when events were lost. */
export function recv(fd: Fd): Uint8Array | undefined {
  return calling(`receive on ${fd.what}`, () => sys().netlinkReceive(fd.use()));
}

import { awaiting, calling } from '../errors.ts';
import { Fd } from '../fd.ts';
import type { Netns } from '../netns.ts';
import { harness } from './addon.ts';

/** A frame as a packet socket saw it. */
export interface PacketFrame {
  /** the whole frame from its link-layer header on, VLAN tag included */
  readonly data: Uint8Array;
  /** nanoseconds since 1970, by the kernel's clock, when the frame passed the device */
  readonly time: bigint;
  readonly ifindex: number;
  /** sent by this namespace, as opposed to received by it */
  readonly outgoing: boolean;
  /** ARPHRD_* of the device (linux/if_arp.h): 1 Ethernet, 772 loopback, 65534 none */
  readonly hardwareType: number;
}

export interface PacketSocketOptions {
  /** one interface; all of the namespace when absent, also those that come later */
  readonly ifindex?: number;
  /** receive buffer in bytes; the default of the system when absent */
  readonly receiveBytes?: number;
}

/** PACKET_OUTGOING, linux/if_packet.h. */
const PACKET_OUTGOING = 4;

/**
 * A packet socket (packet(7)) in `ns` that sees every frame of its devices in both directions; not blocking. Throws SyscallError: EPERM without
 * CAP_NET_RAW, ENODEV or ENETDOWN for an interface that is not there.
 */
export async function openPacketSocket(ns: Netns, options: PacketSocketOptions = {}): Promise<Fd> {
  const what = `packet socket in ${ns.path}`;
  const { ifindex = 0, receiveBytes = 0 } = options;
  return Fd.adopt(await awaiting(`open ${what}`, () => harness().packetOpen(ns.use(), ifindex, receiveBytes)), what);
}

/** One frame without waiting, or undefined. Throws SyscallError: ENETDOWN once when the interface goes down. */
export function receiveFrame(fd: Fd): PacketFrame | undefined {
  const frame = calling(`receive on ${fd.what}`, () => harness().packetReceive(fd.use()));
  if (frame === undefined) return undefined;
  const { packetType, ...rest } = frame;
  return { ...rest, outgoing: packetType === PACKET_OUTGOING };
}

/** Frames that found the receive buffer full since the last call (PACKET_STATISTICS). */
export function droppedFrames(fd: Fd): number {
  return calling(`count drops of ${fd.what}`, () => harness().packetDrops(fd.use()));
}

/** What every kind of link has: the fixed header (`struct ifinfomsg`, include/uapi/linux/rtnetlink.h) and the common attributes. */
import type { AttrWriter } from '../attr.ts';
import {
  IFF_NOARP,
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_GRO_MAX_SIZE,
  IFLA_GROUP,
  IFLA_GSO_MAX_SEGS,
  IFLA_GSO_MAX_SIZE,
  IFLA_IFNAME,
  IFLA_MTU,
  IFLA_NUM_RX_QUEUES,
  IFLA_NUM_TX_QUEUES,
  IFLA_TXQLEN,
} from '../constants.ts';
import { parseMac } from '../text.ts';

/** Size of `struct ifinfomsg`. */
export const IFINFOMSG = 16;

/** A network namespace as this codec needs it: the number of a descriptor that is open while the request is sent. */
export interface NetnsHandle {
  use(): number;
}

/** Attributes that a link can be born with. */
export interface CreateAttributes {
  /** At most 15 bytes; the kernel chooses one when absent. */
  readonly name?: string;
  /** `02:00:00:00:00:01`; random when absent. */
  readonly mac?: string;
  /** Bytes of the layer-3 packet. */
  readonly mtu?: number;
  /** Packets in the transmit queue. */
  readonly txqlen?: number;
  /** Device group; 0 is the default group. */
  readonly group?: number;
  readonly up?: boolean;
  /** No ARP and no neighbour discovery on this link. */
  readonly noArp?: boolean;
  readonly numTxQueues?: number;
  readonly numRxQueues?: number;
  /** Bytes of the largest segment that the stack hands down before segmentation. */
  readonly gsoMaxSize?: number;
  readonly gsoMaxSegs?: number;
  /** Bytes of the largest aggregate that the stack accepts. */
  readonly groMaxSize?: number;
}

/** Flags to change; an undefined one stays as it is. */
export interface LinkFlags {
  readonly ifindex?: number | undefined;
  readonly up?: boolean | undefined;
  readonly noArp?: boolean | undefined;
}

/** Writes `struct ifinfomsg`; `ifi_change` names exactly the flags that are given. */
export function writeIfinfo(body: AttrWriter, { ifindex = 0, up, noArp }: LinkFlags): void {
  const change = (up === undefined ? 0 : IFF_UP) | (noArp === undefined ? 0 : IFF_NOARP);
  const flags = (up ? IFF_UP : 0) | (noArp ? IFF_NOARP : 0);
  body.struct(IFINFOMSG, (put) => put.i32(4, ifindex).u32(8, flags).u32(12, change));
}

/** Writes the attributes that are given; the flags are in the header. */
export function writeCreateAttributes(body: AttrWriter, spec: CreateAttributes): void {
  if (spec.name !== undefined) body.str(IFLA_IFNAME, spec.name);
  if (spec.mac !== undefined) body.bytes(IFLA_ADDRESS, parseMac(spec.mac));
  const numbers = [
    [IFLA_MTU, spec.mtu],
    [IFLA_TXQLEN, spec.txqlen],
    [IFLA_GROUP, spec.group],
    [IFLA_NUM_TX_QUEUES, spec.numTxQueues],
    [IFLA_NUM_RX_QUEUES, spec.numRxQueues],
    [IFLA_GSO_MAX_SIZE, spec.gsoMaxSize],
    [IFLA_GSO_MAX_SEGS, spec.gsoMaxSegs],
    [IFLA_GRO_MAX_SIZE, spec.groMaxSize],
  ] as const;
  for (const [type, value] of numbers) if (value !== undefined) body.u32(type, value);
}

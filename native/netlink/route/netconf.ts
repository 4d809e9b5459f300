/** Notifications about sysctls of a device (include/uapi/linux/netconf.h). The kernel sends them for some of them only, forwarding among them. */
import { NETCONFA_FORWARDING, NETCONFA_IFINDEX } from '../constants.ts';
import { attributes, type Reader } from '../reader.ts';
import { type Family, fromAf } from '../text.ts';

/** Size of `struct netconfmsg`, with its padding. */
const NETCONFMSG = 4;

/** Settings below `net.ipv4.conf` or `net.ipv6.conf`. */
export interface Netconf {
  readonly family: Family;
  /** -1 for `all`, -2 for `default`. */
  readonly ifindex: number;
  /** Absent when another setting changed. */
  readonly forwarding?: boolean;
}

/** Reads the body of RTM_NEWNETCONF; undefined for a family that is no IP. */
export function decodeNetconf(body: Reader): Netconf | undefined {
  const family = fromAf(body.u8(0));
  if (family === undefined) return undefined;
  let ifindex = 0;
  let forwarding: boolean | undefined;
  for (const attr of attributes(body, NETCONFMSG)) {
    if (attr.type === NETCONFA_IFINDEX) ifindex = attr.i32();
    else if (attr.type === NETCONFA_FORWARDING) forwarding = attr.i32() !== 0;
  }
  return { family, ifindex, ...(forwarding !== undefined && { forwarding }) };
}

/** The numbers that one network namespace has for others (include/uapi/linux/net_namespace.h). */
import { AttrWriter } from '../attr.ts';
import { NETNSA_FD, NETNSA_NSID, RTM_GETNSID } from '../constants.ts';
import type { Request } from '../message.ts';
import { attributes, type Reader } from '../reader.ts';
import type { NetnsHandle } from './attributes.ts';

/** Size of `struct rtgenmsg` (linux/rtnetlink.h), with its padding. */
const RTGENMSG = 4;

/** Asks for the number of `netns`. */
export function getNetnsId(netns: NetnsHandle): Request {
  const body = new AttrWriter().struct(RTGENMSG, () => undefined).u32(NETNSA_FD, netns.use());
  return { operation: 'get the id of a network namespace', type: RTM_GETNSID, flags: 0, body: body.finish() };
}

/** Reads the body of RTM_NEWNSID; undefined when the namespace has no number here, which the kernel calls -1. */
export function decodeNetnsId(body: Reader): number | undefined {
  for (const attr of attributes(body, RTGENMSG)) if (attr.type === NETNSA_NSID && attr.i32() >= 0) return attr.i32();
  return undefined;
}

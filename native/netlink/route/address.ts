/** Addresses of devices (rtnetlink(7), RTM_*ADDR; include/uapi/linux/if_addr.h). */
import { AttrWriter } from '../attr.ts';
import {
  AF_UNSPEC,
  IFA_ADDRESS,
  IFA_BROADCAST,
  IFA_CACHEINFO,
  IFA_F_DADFAILED,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_PERMANENT,
  IFA_F_TENTATIVE,
  IFA_FLAGS,
  IFA_LABEL,
  IFA_LOCAL,
  IFA_PROTO,
  IFA_RT_PRIORITY,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_NEWADDR,
} from '../constants.ts';
import type { Request } from '../message.ts';
import { attributes, type Reader } from '../reader.ts';
import { type Family, formatIp, formatPrefix, fromAf, parseIp, parsePrefix, toAf } from '../text.ts';
import { numberOf, scopes, type WordOf, wordOf } from '../words.ts';

/** Size of `struct ifaddrmsg`. */
const IFADDRMSG = 8;

/** An address to add or delete. */
export interface AddressSpec {
  readonly ifindex: number;
  /** With prefix length: `10.0.0.1/32`; a bare address is a host address. */
  readonly address: string;
  /** Far end of a point-to-point link. */
  readonly peer?: string;
  readonly broadcast?: string;
  /** Leave out IPv6 duplicate address detection: usable at once. */
  readonly noDad?: boolean;
  /** Make no route for the prefix. */
  readonly noPrefixRoute?: boolean;
  readonly scope?: WordOf<typeof scopes>;
  /** IPv4 label; begins with the device's name. */
  readonly label?: string;
  /** Metric of the prefix route. */
  readonly metric?: number;
  /** Seconds; for ever when both are absent. */
  readonly validLifetime?: number;
  readonly preferredLifetime?: number;
}

/** An address that a device has. */
export interface Address {
  readonly ifindex: number;
  readonly family: Family;
  readonly address: string;
  readonly peer?: string;
  readonly broadcast?: string;
  readonly scope: WordOf<typeof scopes>;
  /** IFA_F_* bits. */
  readonly flags: number;
  readonly permanent: boolean;
  /** IPv6: not usable yet, duplicate detection runs. */
  readonly tentative: boolean;
  /** IPv6: somebody else has it. */
  readonly dadFailed: boolean;
  readonly label?: string;
  /** Who made it (IFAPROT_*, kernel 5.18): 1 the kernel for loopback, 2 from a router advertisement, 3 the kernel's own link-local address; absent otherwise. */
  readonly protocol?: number;
  /** Seconds left, 4294967295 for ever. */
  readonly validLifetime?: number;
  readonly preferredLifetime?: number;
}

/** Adds an address; EEXIST when the device has it. */
export const addAddress = (spec: AddressSpec): Request => request('add address', RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, spec);

/** Adds an address, or changes flags and lifetimes of the one that is there. */
export const replaceAddress = (spec: AddressSpec): Request => request('replace address', RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, spec);

/** Deletes an address; EADDRNOTAVAIL when the device lacks it. */
export const deleteAddress = (spec: AddressSpec): Request => request('delete address', RTM_DELADDR, 0, spec);

function request(verb: string, type: number, flags: number, spec: AddressSpec): Request {
  const { family, address, length } = parsePrefix(spec.address);
  const ifaFlags = (spec.noDad ? IFA_F_NODAD : 0) | (spec.noPrefixRoute ? IFA_F_NOPREFIXROUTE : 0);
  const body = new AttrWriter().struct(IFADDRMSG, (put) => {
    // ifa_flags has eight bits; IFA_FLAGS below carries all of them.
    put
      .u8(0, toAf(family))
      .u8(1, length)
      .u8(3, numberOf(scopes, spec.scope ?? 'global'))
      .u32(4, spec.ifindex);
  });
  body.bytes(IFA_LOCAL, address).bytes(IFA_ADDRESS, spec.peer === undefined ? address : parseIp(spec.peer));
  if (ifaFlags !== 0) body.u32(IFA_FLAGS, ifaFlags);
  writeOptions(body, spec);
  return { operation: `${verb} ${spec.address} on link ${spec.ifindex}`, type, flags, body: body.finish() };
}

function writeOptions(body: AttrWriter, spec: AddressSpec): void {
  if (spec.broadcast !== undefined) body.bytes(IFA_BROADCAST, parseIp(spec.broadcast));
  if (spec.label !== undefined) body.str(IFA_LABEL, spec.label);
  if (spec.metric !== undefined) body.u32(IFA_RT_PRIORITY, spec.metric);
  const { validLifetime = 0xffffffff, preferredLifetime = validLifetime } = spec;
  if (spec.validLifetime === undefined && spec.preferredLifetime === undefined) return;
  const seconds = new AttrWriter().struct(16, (put) => put.u32(0, preferredLifetime).u32(4, validLifetime)).finish();
  body.bytes(IFA_CACHEINFO, seconds);
}

/** Which addresses to list; the kernel does the filtering. */
export interface AddressFilter {
  readonly ifindex?: number;
  readonly family?: Family;
}

/** All addresses of the namespace. */
export function listAddresses({ ifindex = 0, family }: AddressFilter = {}): Request {
  const af = family === undefined ? AF_UNSPEC : toAf(family);
  const body = new AttrWriter().struct(IFADDRMSG, (put) => put.u8(0, af).u32(4, ifindex)).finish();
  return { operation: 'list addresses', type: RTM_GETADDR, flags: NLM_F_DUMP, body };
}

/** Reads the body of RTM_NEWADDR or RTM_DELADDR; undefined for a family that is no IP. */
export function decodeAddress(body: Reader): Address | undefined {
  const family = fromAf(body.u8(0));
  if (family === undefined) return undefined;
  const length = body.u8(1);
  const size = family === 4 ? 4 : 16;
  let flags = body.u8(2);
  let local: Uint8Array | undefined;
  let address: Uint8Array | undefined;
  const rest: { broadcast?: string; label?: string; protocol?: number; validLifetime?: number; preferredLifetime?: number } = {};
  for (const attr of attributes(body, IFADDRMSG)) {
    if (attr.type === IFA_LOCAL) local = attr.exactly(size).bytes;
    else if (attr.type === IFA_ADDRESS) address = attr.exactly(size).bytes;
    else if (attr.type === IFA_FLAGS) flags = attr.u32();
    else if (attr.type === IFA_LABEL) rest.label = attr.str();
    else if (attr.type === IFA_PROTO) rest.protocol = attr.u8();
    else if (attr.type === IFA_BROADCAST) rest.broadcast = formatIp(attr.exactly(size).bytes);
    else if (attr.type === IFA_CACHEINFO) {
      rest.preferredLifetime = attr.exactly(16).u32(0);
      rest.validLifetime = attr.payload.u32(4);
    }
  }
  // IFA_LOCAL is ours and IFA_ADDRESS the far end; where there is only IFA_ADDRESS (IPv6 without peer) it is ours.
  const own = local ?? address ?? new Uint8Array(size);
  const peer = local !== undefined && address !== undefined && !Buffer.from(local).equals(address) ? formatIp(address) : undefined;
  return {
    ifindex: body.u32(4),
    family,
    address: formatPrefix(own, length),
    ...(peer !== undefined && { peer }),
    scope: wordOf(scopes, body.u8(3)),
    flags,
    permanent: (flags & IFA_F_PERMANENT) !== 0,
    tentative: (flags & IFA_F_TENTATIVE) !== 0,
    dadFailed: (flags & IFA_F_DADFAILED) !== 0,
    ...rest,
  };
}

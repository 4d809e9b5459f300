/** Neighbours: which link-layer address an IP address of a link has (rtnetlink(7), RTM_*NEIGH; include/uapi/linux/neighbour.h). */
import { AttrWriter } from '../attr.ts';
import {
  AF_UNSPEC,
  NDA_DST,
  NDA_FLAGS_EXT,
  NDA_IFINDEX,
  NDA_LLADDR,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  RTM_DELNEIGH,
  RTM_GETNEIGH,
  RTM_NEWNEIGH,
} from '../constants.ts';
import type { Request } from '../message.ts';
import { attributes, type Reader } from '../reader.ts';
import { type Family, familyOf, formatIp, formatMac, fromAf, parseIp, parseMac, toAf } from '../text.ts';
import { neighbourStates, numberOf, type WordOf, wordOf } from '../words.ts';

/** Size of `struct ndmsg`. */
const NDMSG = 12;

/** NTF_* bits of `ndm_flags`. */
export const neighbourFlags = {
  use: 0x01,
  self: 0x02,
  master: 0x04,
  proxy: 0x08,
  externLearned: 0x10,
  offloaded: 0x20,
  sticky: 0x40,
  router: 0x80,
} as const;

/** A flag by name. */
export type NeighbourFlag = keyof typeof neighbourFlags;

/** NTF_EXT_MANAGED (kernel 5.16): the kernel keeps it resolved. */
const NTF_EXT_MANAGED = 1;

/** A neighbour to add, replace or delete. */
export interface NeighbourSpec {
  readonly ifindex: number;
  readonly address: string;
  /** Absent for a proxy entry, and for one that the kernel shall resolve. */
  readonly mac?: string;
  /** `permanent` when absent. */
  readonly state?: WordOf<typeof neighbourStates>;
  readonly flags?: readonly NeighbourFlag[];
  /** The kernel resolves it and keeps it fresh. */
  readonly managed?: boolean;
}

/** A neighbour that the kernel knows. */
export interface Neighbour {
  readonly ifindex: number;
  readonly family: Family;
  readonly address: string;
  readonly mac?: string;
  readonly state: WordOf<typeof neighbourStates>;
  readonly permanent: boolean;
  readonly flags: readonly NeighbourFlag[];
}

/** Adds a neighbour; EEXIST when there is one. */
export const addNeighbour = (spec: NeighbourSpec): Request => request('add neighbour', RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL, spec);

/** Adds a neighbour or overwrites the one that is there. */
export const replaceNeighbour = (spec: NeighbourSpec): Request =>
  request('replace neighbour', RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, spec);

/** Deletes a neighbour; ENOENT when it does not exist. */
export const deleteNeighbour = (spec: NeighbourSpec): Request => request('delete neighbour', RTM_DELNEIGH, 0, spec);

function request(verb: string, type: number, flags: number, spec: NeighbourSpec): Request {
  const address = parseIp(spec.address);
  const bits = (spec.flags ?? []).reduce((sum, flag) => sum | neighbourFlags[flag], 0);
  // The kernel resolves a managed entry: the request has no state.
  const state = numberOf(neighbourStates, spec.state ?? (spec.managed ? 'none' : 'permanent'));
  const body = new AttrWriter().struct(NDMSG, (put) => {
    put
      .u8(0, toAf(familyOf(address)))
      .i32(4, spec.ifindex)
      .u16(8, state)
      .u8(10, bits);
  });
  body.bytes(NDA_DST, address);
  if (spec.mac !== undefined) body.bytes(NDA_LLADDR, parseMac(spec.mac));
  if (spec.managed) body.u32(NDA_FLAGS_EXT, NTF_EXT_MANAGED);
  return { operation: `${verb} ${spec.address} on link ${spec.ifindex}`, type, flags, body: body.finish() };
}

/** Which neighbours to list; the kernel does the filtering. */
export interface NeighbourFilter {
  readonly ifindex?: number;
  readonly family?: Family;
  /** List the proxy entries instead of the others. */
  readonly proxy?: boolean;
}

/** All neighbours of the namespace. */
export function listNeighbours({ ifindex, family, proxy = false }: NeighbourFilter = {}): Request {
  const af = family === undefined ? AF_UNSPEC : toAf(family);
  const body = new AttrWriter().struct(NDMSG, (put) => put.u8(0, af).u8(10, proxy ? neighbourFlags.proxy : 0));
  if (ifindex !== undefined) body.u32(NDA_IFINDEX, ifindex);
  return { operation: 'list neighbours', type: RTM_GETNEIGH, flags: NLM_F_DUMP, body: body.finish() };
}

/** Reads the body of RTM_NEWNEIGH or RTM_DELNEIGH; undefined for a family that is no IP (a bridge's entry). */
export function decodeNeighbour(body: Reader): Neighbour | undefined {
  const family = fromAf(body.u8(0));
  if (family === undefined) return undefined;
  const bits = body.u8(10);
  const state = body.u16(8);
  let address = '';
  let mac: string | undefined;
  for (const attr of attributes(body, NDMSG)) {
    if (attr.type === NDA_DST) address = formatIp(attr.exactly(family === 4 ? 4 : 16).bytes);
    else if (attr.type === NDA_LLADDR) mac = formatMac(attr.payload.bytes);
  }
  return {
    ifindex: body.i32(4),
    family,
    address,
    ...(mac !== undefined && { mac }),
    state: wordOf(neighbourStates, state),
    permanent: (state & neighbourStates.permanent) !== 0,
    flags: flagNames(bits),
  };
}

function flagNames(bits: number): NeighbourFlag[] {
  return (Object.keys(neighbourFlags) as NeighbourFlag[]).filter((flag) => (bits & neighbourFlags[flag]) !== 0);
}

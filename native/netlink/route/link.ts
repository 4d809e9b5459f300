/** Requests about network devices (rtnetlink(7), RTM_*LINK). */
import { AttrWriter } from '../attr.ts';
import {
  AF_INET6,
  IFLA_AF_SPEC,
  IFLA_ALT_IFNAME,
  IFLA_EXT_MASK,
  IFLA_GROUP,
  IFLA_IFALIAS,
  IFLA_IFNAME,
  IFLA_INET6_ADDR_GEN_MODE,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINK,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_NET_NS_FD,
  IFLA_PROP_LIST,
  IFNAME_MAX,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  RTEXT_FILTER_SKIP_STATS,
  RTM_DELLINK,
  RTM_DELLINKPROP,
  RTM_GETLINK,
  RTM_NEWLINK,
  RTM_NEWLINKPROP,
} from '../constants.ts';
import { EncodeError } from '../errors.ts';
import type { Request } from '../message.ts';
import { addrGenModes, numberOf, type WordOf } from '../words.ts';
import { type CreateAttributes, type NetnsHandle, writeCreateAttributes, writeIfinfo } from './attributes.ts';
import { type NetkitPolicies, type NetkitSpec, writeNetkit, writeNetkitPolicies } from './netkit.ts';
import { type VethSpec, writeVeth } from './veth.ts';
import { type Vrf, writeVrf } from './vrf.ts';
import { type Vxlan, writeVxlan } from './vxlan.ts';

/** A kind whose parameters this codec does not know. */
export interface PlainKind {
  readonly kind: 'bridge' | 'dummy' | 'ifb' | 'nlmon';
}

/** What distinguishes the kinds of link. */
export type LinkKind = VethSpec | NetkitSpec | Vxlan | Vrf | PlainKind;

/** A link to create. */
export type LinkSpec = LinkKind &
  CreateAttributes & {
    readonly name: string;
    /** Index to be born with; the kernel chooses when absent. */
    readonly ifindex?: number;
    /** Device below (vlan-like kinds). */
    readonly parent?: number;
    /** Index of the bridge or vrf to join. */
    readonly master?: number;
    /** Namespace to be born in; that of the socket when absent. */
    readonly netns?: NetnsHandle;
    /** Further names, up to 127 bytes each; set by a second request (`Rtnetlink.links.create` sends both). */
    readonly altnames?: readonly string[];
  };

/** What to change of a link; an absent field stays as it is. */
export interface LinkChange extends Omit<CreateAttributes, 'numTxQueues' | 'numRxQueues'> {
  /** Index of the bridge or vrf to join; 0 leaves it. */
  readonly master?: number;
  /** Free text, up to 255 bytes; the kernel takes it for existing links only. */
  readonly alias?: string;
  /** Namespace to move into. Costs an RCU barrier: milliseconds. */
  readonly netns?: NetnsHandle;
  /** How IPv6 link-local addresses are made; `none` before the link goes up leaves it without one. */
  readonly addrGenMode?: WordOf<typeof addrGenModes>;
  /** Of a netkit, whose primary end the link is. */
  readonly netkit?: NetkitPolicies;
}

/** Creates a link; EEXIST when its name is taken. */
export function createLink(spec: LinkSpec): Request {
  const body = new AttrWriter();
  writeIfinfo(body, spec);
  writeCreateAttributes(body, spec);
  if (spec.parent !== undefined) body.u32(IFLA_LINK, spec.parent);
  if (spec.master !== undefined) body.u32(IFLA_MASTER, spec.master);
  if (spec.netns !== undefined) body.u32(IFLA_NET_NS_FD, spec.netns.use());
  body.nested(IFLA_LINKINFO, (info) => writeInfo(info.str(IFLA_INFO_KIND, spec.kind), spec));
  checkNames(spec);
  return { operation: `create ${spec.kind} ${spec.name}`, type: RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL, body: body.finish() };
}

function writeInfo(info: AttrWriter, spec: LinkKind): void {
  if (spec.kind === 'veth') info.nested(IFLA_INFO_DATA, (data) => writeVeth(data, spec));
  else if (spec.kind === 'netkit') info.nested(IFLA_INFO_DATA, (data) => writeNetkit(data, spec));
  else if (spec.kind === 'vxlan') info.nested(IFLA_INFO_DATA, (data) => writeVxlan(data, spec));
  else if (spec.kind === 'vrf') info.nested(IFLA_INFO_DATA, (data) => writeVrf(data, spec));
}

function checkNames(spec: LinkSpec): void {
  checkName(spec.name);
  if ('peer' in spec) checkName(spec.peer.name);
}

/** dev_valid_name (net/core/dev.c): 1 to 15 bytes, no slash, colon or space, not `.` or `..`. Checked here for a clearer word than EINVAL. */
function checkName(name: string): void {
  if (Buffer.byteLength(name) > IFNAME_MAX) throw new EncodeError('name', `"${name}" is longer than ${IFNAME_MAX} bytes`);
  if (!/^[^\s/:]+$/.test(name) || name === '.' || name === '..') throw new EncodeError('name', `"${name}" is no name for a link`);
}

/** Changes a link, told by its index, or by its name where that stays: a name to change to would be taken for the one to look for. */
export function setLink(link: number | string, change: LinkChange): Request {
  const body = new AttrWriter();
  writeIfinfo(body, { ...change, ifindex: typeof link === 'number' ? link : 0 });
  if (change.name !== undefined) checkName(change.name);
  if (typeof link === 'string') {
    if (change.name !== undefined) throw new EncodeError('name', `link ${link} is renamed by its index only`);
    body.str(IFLA_IFNAME, link);
  }
  writeCreateAttributes(body, change);
  if (change.alias !== undefined) body.str(IFLA_IFALIAS, change.alias);
  if (change.master !== undefined) body.u32(IFLA_MASTER, change.master);
  if (change.netns !== undefined) body.u32(IFLA_NET_NS_FD, change.netns.use());
  const { addrGenMode, netkit } = change;
  if (addrGenMode !== undefined) {
    const mode = numberOf(addrGenModes, addrGenMode);
    body.nested(IFLA_AF_SPEC, (spec) => spec.nested(AF_INET6, (inet6) => inet6.u8(IFLA_INET6_ADDR_GEN_MODE, mode)));
  }
  if (netkit !== undefined)
    body.nested(IFLA_LINKINFO, (info) =>
      info.str(IFLA_INFO_KIND, 'netkit').nested(IFLA_INFO_DATA, (data) => writeNetkitPolicies(data, netkit)),
    );
  return { operation: `set link ${link} ${describe(change)}`, type: RTM_NEWLINK, flags: 0, body: body.finish() };
}

/** `mtu 1400, up true`; a namespace has no word here. */
function describe(change: LinkChange): string {
  return Object.entries(change)
    .map(([key, value]) => (typeof value === 'object' ? key : `${key} ${value}`))
    .join(', ');
}

/** Deletes a link, and with it the other end of a pair. */
export function deleteLink(ifindex: number): Request {
  // The kernel would take index 0 with no name as "nothing to do" or as a group delete, never as an error that a caller understands.
  if (ifindex <= 0) throw new EncodeError('ifindex', `${ifindex} is no index of a link`);
  const body = new AttrWriter();
  writeIfinfo(body, { ifindex });
  return { operation: `delete link ${ifindex}`, type: RTM_DELLINK, flags: 0, body: body.finish() };
}

/** Deletes every link of a group at once: one grace period for all of them. Group 0, the default group, is refused. */
export function deleteLinkGroup(group: number): Request {
  if (group === 0) throw new EncodeError('group', '0 is the group of all links that have none');
  const body = new AttrWriter();
  writeIfinfo(body, {});
  body.u32(IFLA_GROUP, group);
  return { operation: `delete links of group ${group}`, type: RTM_DELLINK, flags: 0, body: body.finish() };
}

/** Adds alternative names (kernel 5.5), up to 127 bytes each. */
export function addAltnames(link: number | string, names: readonly string[]): Request {
  return altnames(
    `add altname ${names.join(', ')} to link ${link}`,
    RTM_NEWLINKPROP,
    NLM_F_EXCL | NLM_F_CREATE | NLM_F_APPEND,
    link,
    names,
  );
}

/** Takes alternative names away. */
export function deleteAltnames(link: number | string, names: readonly string[]): Request {
  return altnames(`delete altname ${names.join(', ')} of link ${link}`, RTM_DELLINKPROP, 0, link, names);
}

function altnames(operation: string, type: number, flags: number, link: number | string, names: readonly string[]): Request {
  const body = new AttrWriter();
  writeSelector(body, link);
  body.nested(IFLA_PROP_LIST, (list) => {
    for (const name of names) list.str(IFLA_ALT_IFNAME, name);
  });
  return { operation, type, flags, body: body.finish() };
}

/** One link by index, name or alternative name; ENODEV when it does not exist. */
export function getLink(link: number | string): Request {
  const body = new AttrWriter();
  writeSelector(body, link);
  body.u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return { operation: `get link ${link}`, type: RTM_GETLINK, flags: 0, body: body.finish() };
}

function writeSelector(body: AttrWriter, link: number | string): void {
  writeIfinfo(body, { ifindex: typeof link === 'number' ? link : 0 });
  // A name longer than IFNAMSIZ can only be an alternative one; IFLA_IFNAME finds both sorts of the short ones.
  if (typeof link === 'string') body.str(Buffer.byteLength(link) > IFNAME_MAX ? IFLA_ALT_IFNAME : IFLA_IFNAME, link);
}

/** Which links to list. */
export interface LinkFilter {
  readonly kind?: string;
  readonly master?: number;
}

/** All links of the namespace. The kernel filters by `kind` only when it knows the kind: filter the answer again. */
export function listLinks({ kind, master }: LinkFilter = {}): Request {
  const body = new AttrWriter();
  writeIfinfo(body, {});
  body.u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  if (master !== undefined) body.u32(IFLA_MASTER, master);
  if (kind !== undefined) body.nested(IFLA_LINKINFO, (info) => info.str(IFLA_INFO_KIND, kind));
  return { operation: 'list links', type: RTM_GETLINK, flags: NLM_F_DUMP, body: body.finish() };
}

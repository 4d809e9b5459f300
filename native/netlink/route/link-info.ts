/** Answers about network devices: what RTM_NEWLINK tells (include/uapi/linux/if_link.h). */

import {
  AF_INET6,
  IFF_NOARP,
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_AF_SPEC,
  IFLA_ALT_IFNAME,
  IFLA_BROADCAST,
  IFLA_GROUP,
  IFLA_IFALIAS,
  IFLA_IFNAME,
  IFLA_INET6_ADDR_GEN_MODE,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_INFO_SLAVE_KIND,
  IFLA_LINK,
  IFLA_LINK_NETNSID,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MTU,
  IFLA_NUM_RX_QUEUES,
  IFLA_NUM_TX_QUEUES,
  IFLA_OPERSTATE,
  IFLA_PROP_LIST,
  IFLA_STATS64,
  IFLA_TXQLEN,
  IFLA_XDP,
  IFLA_XDP_ATTACHED,
  IFLA_XDP_DRV_PROG_ID,
  IFLA_XDP_HW_PROG_ID,
  IFLA_XDP_PROG_ID,
  IFLA_XDP_SKB_PROG_ID,
} from '../constants.ts';
import type { Attr, Reader } from '../reader.ts';
import { attributes } from '../reader.ts';
import { formatMac } from '../text.ts';
import { addrGenModes, operStates, type WordOf, wordOf, xdpModes } from '../words.ts';
import { IFINFOMSG } from './attributes.ts';
import { type NetkitInfo, readNetkit } from './netkit.ts';
import { readVrf, type Vrf } from './vrf.ts';
import { readVxlan, type Vxlan } from './vxlan.ts';

/** Parameters of the kinds that this codec knows. */
export type LinkInfo = NetkitInfo | Vxlan | Vrf;

/** Programs on the XDP hook; `none` without a program. */
export interface XdpInfo {
  readonly mode: WordOf<typeof xdpModes>;
  /** Ids of the programs, one per hook in use. */
  readonly programIds: readonly number[];
}

/** Counters since the link was made (`struct rtnl_link_stats64`). */
export interface LinkStats {
  readonly rxPackets: bigint;
  readonly txPackets: bigint;
  readonly rxBytes: bigint;
  readonly txBytes: bigint;
  readonly rxErrors: bigint;
  readonly txErrors: bigint;
  readonly rxDropped: bigint;
  readonly txDropped: bigint;
}

/** A network device. Absent fields were not in the kernel's answer. */
export interface Link {
  readonly ifindex: number;
  readonly name: string;
  /** IFF_* bits. */
  readonly flags: number;
  /** IFF_UP: switched on, though perhaps without carrier; see `operState`. */
  readonly up: boolean;
  readonly noArp: boolean;
  /** ARPHRD_*: 1 Ethernet, 772 loopback, 65534 none. */
  readonly type: number;
  /** Link-layer address; absent on a device that has none. */
  readonly mac?: string;
  readonly broadcast?: string;
  /** Bytes of the layer-3 packet. */
  readonly mtu?: number;
  readonly txqlen?: number;
  readonly numTxQueues?: number;
  readonly numRxQueues?: number;
  readonly group?: number;
  readonly operState?: WordOf<typeof operStates>;
  /** Other end of a pair, or device below; in the namespace `linkNetnsId` when that is present, else in this one. */
  readonly linkIfindex?: number;
  /** This namespace's number for the one that `linkIfindex` counts in; -1 when it has no number. */
  readonly linkNetnsId?: number;
  readonly master?: number;
  readonly alias?: string;
  readonly altnames: readonly string[];
  /** `veth`, `netkit`, ...; absent on hardware and loopback. */
  readonly kind?: string;
  /** Kind of the device that this one is a member of: `bridge`, `vrf`. */
  readonly memberOf?: string;
  readonly info?: LinkInfo;
  readonly xdp?: XdpInfo;
  readonly addrGenMode?: WordOf<typeof addrGenModes>;
  /** Only where asked for. */
  readonly stats?: LinkStats;
}

type Draft = { -readonly [K in keyof Link]: Link[K] };

const readers: Readonly<Record<number, (link: Draft, attr: Attr) => void>> = {
  [IFLA_IFNAME]: (link, attr) => {
    link.name = attr.str();
  },
  [IFLA_ADDRESS]: (link, attr) => {
    if (attr.payload.length > 0) link.mac = formatMac(attr.payload.bytes);
  },
  [IFLA_BROADCAST]: (link, attr) => {
    if (attr.payload.length > 0) link.broadcast = formatMac(attr.payload.bytes);
  },
  [IFLA_MTU]: (link, attr) => {
    link.mtu = attr.u32();
  },
  [IFLA_TXQLEN]: (link, attr) => {
    link.txqlen = attr.u32();
  },
  [IFLA_NUM_TX_QUEUES]: (link, attr) => {
    link.numTxQueues = attr.u32();
  },
  [IFLA_NUM_RX_QUEUES]: (link, attr) => {
    link.numRxQueues = attr.u32();
  },
  [IFLA_GROUP]: (link, attr) => {
    link.group = attr.u32();
  },
  [IFLA_OPERSTATE]: (link, attr) => {
    link.operState = wordOf(operStates, attr.u8());
  },
  [IFLA_LINK]: (link, attr) => {
    link.linkIfindex = attr.u32();
  },
  [IFLA_LINK_NETNSID]: (link, attr) => {
    link.linkNetnsId = attr.i32();
  },
  [IFLA_MASTER]: (link, attr) => {
    link.master = attr.u32();
  },
  [IFLA_IFALIAS]: (link, attr) => {
    link.alias = attr.str();
  },
  [IFLA_PROP_LIST]: (link, attr) => {
    link.altnames = [...attr.nested()].filter((name) => name.type === IFLA_ALT_IFNAME).map((name) => name.str());
  },
  [IFLA_LINKINFO]: readLinkInfo,
  [IFLA_XDP]: (link, attr) => {
    link.xdp = readXdp(attr);
  },
  [IFLA_AF_SPEC]: readAfSpec,
};

/** Reads the body of RTM_NEWLINK or RTM_DELLINK; the counters, which are always there, only with `stats`. */
export function decodeLink(body: Reader, { stats = false }: { readonly stats?: boolean } = {}): Link {
  const flags = body.u32(8);
  const link: Draft = {
    ifindex: body.i32(4),
    name: '',
    flags,
    up: (flags & IFF_UP) !== 0,
    noArp: (flags & IFF_NOARP) !== 0,
    type: body.u16(2),
    altnames: [],
  };
  for (const attr of attributes(body, IFINFOMSG, stats ? undefined : isRead)) {
    readers[attr.type]?.(link, attr);
    if (stats && attr.type === IFLA_STATS64) link.stats = readStats(attr.payload);
  }
  return link;
}

const isRead = (type: number): boolean => Object.hasOwn(readers, type);

/** The name alone, without a look at the rest: it is the first that the kernel tells. */
export function linkName(body: Reader): string {
  for (const attr of attributes(body, IFINFOMSG, (type) => type === IFLA_IFNAME)) return attr.str();
  return '';
}

function readLinkInfo(link: Draft, attr: Attr): void {
  let data: Attr | undefined;
  for (const inner of attr.nested()) {
    if (inner.type === IFLA_INFO_KIND) link.kind = inner.str();
    else if (inner.type === IFLA_INFO_SLAVE_KIND) link.memberOf = inner.str();
    else if (inner.type === IFLA_INFO_DATA) data = inner;
  }
  if (data === undefined) return;
  if (link.kind === 'netkit') link.info = readNetkit(data.nested());
  else if (link.kind === 'vxlan') link.info = readVxlan(data.nested());
  else if (link.kind === 'vrf') link.info = readVrf(data.nested());
}

function readXdp(attr: Attr): XdpInfo {
  let mode: WordOf<typeof xdpModes> = 'none';
  const ids = new Set<number>();
  for (const inner of attr.nested()) {
    if (inner.type === IFLA_XDP_ATTACHED) mode = wordOf(xdpModes, inner.u8());
    else if (isProgramId(inner.type)) ids.add(inner.u32());
  }
  return { mode, programIds: [...ids] };
}

const isProgramId = (type: number): boolean =>
  type === IFLA_XDP_PROG_ID || type === IFLA_XDP_DRV_PROG_ID || type === IFLA_XDP_SKB_PROG_ID || type === IFLA_XDP_HW_PROG_ID;

function readAfSpec(link: Draft, attr: Attr): void {
  for (const family of attr.nested(0, (type) => type === AF_INET6)) {
    for (const inner of family.nested(0, (type) => type === IFLA_INET6_ADDR_GEN_MODE)) {
      link.addrGenMode = wordOf(addrGenModes, inner.u8());
    }
  }
}

/** `struct rtnl_link_stats64` has grown with time; the first eight counters are the oldest. */
function readStats(payload: Reader): LinkStats {
  const [rxPackets, txPackets, rxBytes, txBytes] = [payload.u64(0), payload.u64(8), payload.u64(16), payload.u64(24)];
  const [rxErrors, txErrors, rxDropped, txDropped] = [payload.u64(32), payload.u64(40), payload.u64(48), payload.u64(56)];
  return { rxPackets, txPackets, rxBytes, txBytes, rxErrors, txErrors, rxDropped, txDropped };
}

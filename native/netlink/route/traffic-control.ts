/**
 * Traffic control, to look at: queueing disciplines and filters (rtnetlink(7), RTM_GETQDISC and RTM_GETTFILTER; include/uapi/linux/pkt_sched.h and
 * pkt_cls.h).
 */
import { AttrWriter } from '../attr.ts';
import {
  NLM_F_DUMP,
  RTM_GETQDISC,
  RTM_GETTFILTER,
  TC_H_CLSACT_EGRESS,
  TC_H_CLSACT_INGRESS,
  TC_H_INGRESS,
  TC_H_ROOT,
  TCA_ACT_KIND,
  TCA_ACT_OPTIONS,
  TCA_BPF_ACT,
  TCA_BPF_FLAG_ACT_DIRECT,
  TCA_BPF_FLAGS,
  TCA_BPF_ID,
  TCA_BPF_NAME,
  TCA_FLOWER_ACT,
  TCA_KIND,
  TCA_MATCHALL_ACT,
  TCA_MIRRED_PARMS,
  TCA_OPTIONS,
  TCA_TBF_PARMS,
  TCA_TBF_RATE64,
  TCA_U32_ACT,
  TCA_U32_DIVISOR,
} from '../constants.ts';
import type { Request } from '../message.ts';
import { type Attr, attributes, type Reader } from '../reader.ts';

/** Size of `struct tcmsg`. */
const TCMSG = 20;

/** Parameters of a token bucket filter. */
export interface TokenBucket {
  /** bytes per second */
  readonly rate: bigint;
  /** bytes */
  readonly burst: bigint;
  /** bytes that may wait */
  readonly limit: number;
}

/** A queueing discipline of a device. */
export interface Qdisc {
  readonly ifindex: number;
  /** `tbf`, `clsact`, `noqueue`, ... */
  readonly kind: string;
  /** `1:`; `0:` for one that the kernel gave the device by itself */
  readonly handle: string;
  /** `root`, `ingress` (also of clsact), or `major:minor` of the class above, hexadecimal */
  readonly parent: string;
  readonly tbf?: TokenBucket;
}

/** An action of a filter. */
export interface FilterAction {
  /** `mirred`, `gact`, ... */
  readonly kind: string;
  /** where a `mirred` sends packets */
  readonly ifindex?: number;
}

/** A filter on a hook or class. */
export interface Filter {
  readonly ifindex: number;
  readonly parent: string;
  /** `bpf`, `u32`, ... */
  readonly kind: string;
  readonly priority: number;
  /** ETH_P_* */
  readonly protocol: number;
  readonly handle: number;
  readonly actions: readonly FilterAction[];
  /** of kind `bpf`: the program by name and id, and whether its return value is the verdict */
  readonly bpf?: { readonly name: string; readonly id: number; readonly direct: boolean };
}

/** Where filters can hang: a hook of clsact, or the handle (`1:`) of a qdisc; `ingress` is the older ingress qdisc. */
export type FilterParent = 'clsact ingress' | 'clsact egress' | 'ingress' | (string & {});

/** All queueing disciplines of the namespace that somebody set or that are not the device's silent default. */
export function listQdiscs(): Request {
  const body = new AttrWriter().struct(TCMSG, () => undefined).finish();
  return { operation: 'list qdiscs', type: RTM_GETQDISC, flags: NLM_F_DUMP, body };
}

/** The filters of one device under one parent. */
export function listFilters(ifindex: number, parent: FilterParent): Request {
  const body = new AttrWriter().struct(TCMSG, (put) => put.i32(4, ifindex).u32(12, parentNumber(parent))).finish();
  return { operation: `list filters of link ${ifindex}`, type: RTM_GETTFILTER, flags: NLM_F_DUMP, body };
}

/** Reads the body of RTM_NEWQDISC. */
export function decodeQdisc(body: Reader): Qdisc {
  const { kind, options } = kindAndOptions(body);
  const tbf = kind === 'tbf' && options !== undefined ? readTokenBucket(options) : undefined;
  const known = { ifindex: body.i32(4), kind, handle: formatHandle(body.u32(8)), parent: formatParent(body.u32(12)) };
  return tbf === undefined ? known : { ...known, tbf };
}

/** Reads the body of RTM_NEWTFILTER; undefined for what is no filter: the head of a chain, a hash table of u32. */
export function decodeFilter(body: Reader): Filter | undefined {
  const { kind, options } = kindAndOptions(body);
  if (options === undefined) return undefined;
  const parts = [...options.nested()];
  if (kind === 'u32' && (parts.length === 0 || parts.some((part) => part.type === TCA_U32_DIVISOR))) return undefined;
  const info = body.u32(16);
  const bpf = kind === 'bpf' ? readBpf(parts) : undefined;
  return {
    ifindex: body.i32(4),
    parent: formatParent(body.u32(12)),
    kind,
    priority: info >>> 16,
    protocol: swap16(info & 0xffff),
    handle: body.u32(8),
    actions: parts.filter((part) => part.type === actionsOf[kind]).flatMap(readActions),
    ...(bpf !== undefined && { bpf }),
  };
}

/** The attribute that carries the actions, by kind of filter. */
const actionsOf: Readonly<Record<string, number>> = {
  bpf: TCA_BPF_ACT,
  u32: TCA_U32_ACT,
  matchall: TCA_MATCHALL_ACT,
  flower: TCA_FLOWER_ACT,
};

function kindAndOptions(body: Reader): { kind: string; options?: Attr } {
  let kind = '';
  let options: Attr | undefined;
  for (const attr of attributes(body, TCMSG)) {
    if (attr.type === TCA_KIND) kind = attr.str();
    else if (attr.type === TCA_OPTIONS) options = attr;
  }
  return options === undefined ? { kind } : { kind, options };
}

/** Nanoseconds per tick of the packet scheduler's clock: PSCHED_SHIFT is 6 (include/net/pkt_sched.h). */
const TICK = 64n;

/** `struct tc_tbf_qopt`: two `struct tc_ratespec` of 12 bytes, then limit, buffer (the burst as time at that rate), mtu. */
function readTokenBucket(options: Attr): TokenBucket | undefined {
  let parms: Reader | undefined;
  let rate: bigint | undefined;
  for (const attr of options.nested()) {
    if (attr.type === TCA_TBF_PARMS) parms = attr.payload;
    else if (attr.type === TCA_TBF_RATE64) rate = attr.payload.u64(0);
  }
  if (parms === undefined) return undefined;
  rate ??= BigInt(parms.u32(8));
  return { rate, burst: (rate * BigInt(parms.u32(28)) * TICK) / 1_000_000_000n, limit: parms.u32(24) };
}

function readBpf(parts: readonly Attr[]): NonNullable<Filter['bpf']> {
  const find = (type: number) => parts.find((part) => part.type === type);
  const flags = find(TCA_BPF_FLAGS)?.u32() ?? 0;
  return { name: find(TCA_BPF_NAME)?.str() ?? '', id: find(TCA_BPF_ID)?.u32() ?? 0, direct: (flags & TCA_BPF_FLAG_ACT_DIRECT) !== 0 };
}

/** A list of actions; `struct tc_mirred` has the target's index behind five common words and the direction. */
function readActions(list: Attr): FilterAction[] {
  return [...list.nested()].map((action) => {
    let kind = '';
    let ifindex: number | undefined;
    for (const attr of action.nested()) {
      if (attr.type === TCA_ACT_KIND) kind = attr.str();
      else if (attr.type === TCA_ACT_OPTIONS && kind === 'mirred')
        ifindex = [...attr.nested()].find((part) => part.type === TCA_MIRRED_PARMS)?.payload.u32(24);
    }
    return ifindex === undefined ? { kind } : { kind, ifindex };
  });
}

const swap16 = (value: number): number => ((value & 0xff) << 8) | (value >>> 8);

function formatHandle(handle: number): string {
  const minor = handle & 0xffff;
  return `${(handle >>> 16).toString(16)}:${minor === 0 ? '' : minor.toString(16)}`;
}

function formatParent(parent: number): string {
  if (parent === TC_H_ROOT) return 'root';
  if (parent === TC_H_INGRESS) return 'ingress';
  if (parent === TC_H_CLSACT_INGRESS) return 'clsact ingress';
  return parent === TC_H_CLSACT_EGRESS ? 'clsact egress' : formatHandle(parent);
}

function parentNumber(parent: FilterParent): number {
  if (parent === 'clsact ingress') return TC_H_CLSACT_INGRESS;
  if (parent === 'clsact egress') return TC_H_CLSACT_EGRESS;
  if (parent === 'ingress') return 0xffff0000;
  const [major = '0', minor = ''] = parent.split(':');
  return ((Number.parseInt(major, 16) << 16) | (minor === '' ? 0 : Number.parseInt(minor, 16))) >>> 0;
}

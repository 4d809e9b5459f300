/**
 * Queueing disciplines of a device (rtnetlink(7), RTM_*QDISC; include/uapi/linux/pkt_sched.h): at its root what shapes a cable, and clsact,
 * which queues nothing and carries the filters of both hooks.
 */
import { AttrWriter } from '../attr.ts';
import {
  AF_UNSPEC,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  RTM_DELQDISC,
  RTM_NEWQDISC,
  TC_H_INGRESS,
  TC_H_ROOT,
  TCA_KIND,
  TCA_OPTIONS,
} from '../constants.ts';
import { EncodeError } from '../errors.ts';
import type { Request } from '../message.ts';

/** Size of `struct tcmsg`. */
const TCMSG = 20;
/** The only handle that clsact has: TC_H_MAKE(TC_H_CLSACT, 0), where TC_H_CLSACT is TC_H_INGRESS. */
const CLSACT_HANDLE = 0xffff0000;

/** pkt_sched.h: attributes of tbf, and a link layer without cells, so that no rate table is needed. */
const TCA_TBF_PARMS = 1;
const TCA_TBF_RATE64 = 4;
const TCA_TBF_BURST = 6;
const TC_TBF_QOPT = 36;
const TC_LINKLAYER_ETHERNET = 1;
/** pkt_sched.h: attributes of netem and sizes of its structs. */
const TCA_NETEM_RATE = 6;
const TCA_NETEM_RATE64 = 8;
const TC_NETEM_QOPT = 24;
const TC_NETEM_RATE = 16;
/** One tick of packet scheduling in milliseconds: 64 ns (PSCHED_SHIFT, include/net/pkt_sched.h). Delays end at 274 s. */
const TICK = 64e-6;

/** A discipline. Rates in bits per second, times in milliseconds, probabilities from 0 to 1. */
export type QdiscSpec =
  | {
      /** Token bucket, tc-tbf(8): sends at `rate`, `burst` bytes at once, and keeps at most `limit` bytes waiting. */
      readonly kind: 'tbf';
      readonly ifindex: number;
      readonly rate: number;
      readonly burst: number;
      readonly limit: number;
    }
  | {
      /** Network emulator, tc-netem(8): at most `limit` packets under way. */
      readonly kind: 'netem';
      readonly ifindex: number;
      readonly limit: number;
      readonly delay?: number;
      readonly jitter?: number;
      readonly loss?: number;
      readonly rate?: number;
    };

/** Replaces the root discipline of a device. ENOENT: the kernel has no such kind. */
export function replaceQdisc(spec: QdiscSpec): Request {
  const body = header(spec.ifindex).str(TCA_KIND, spec.kind);
  const build = spec.kind === 'tbf' ? tbf(spec) : netem(spec);
  return {
    operation: `set qdisc ${spec.kind} on interface ${spec.ifindex}`,
    type: RTM_NEWQDISC,
    flags: NLM_F_CREATE | NLM_F_REPLACE,
    body: body.nested(TCA_OPTIONS, build).finish(),
  };
}

/** Gives a device its default discipline back; ENOENT when it has it. */
export function deleteQdisc(ifindex: number): Request {
  return { operation: `delete qdisc of interface ${ifindex}`, type: RTM_DELQDISC, flags: 0, body: header(ifindex).finish() };
}

/** Gives a device the two hooks of clsact. EEXIST: it has them already, or the older `ingress` in their place. ENOENT: the kernel has no clsact. */
export function addClsact(ifindex: number): Request {
  const body = clsact(ifindex).str(TCA_KIND, 'clsact').finish();
  return { operation: `add qdisc clsact to interface ${ifindex}`, type: RTM_NEWQDISC, flags: NLM_F_CREATE | NLM_F_EXCL, body };
}

/** Takes the hooks away, and every filter on them. EINVAL or ENOENT when there are none. The kind in the request keeps an `ingress` safe (EINVAL). */
export function deleteClsact(ifindex: number): Request {
  const body = clsact(ifindex).str(TCA_KIND, 'clsact').finish();
  return { operation: `delete qdisc clsact of interface ${ifindex}`, type: RTM_DELQDISC, flags: 0, body };
}

function clsact(ifindex: number): AttrWriter {
  return header(ifindex, TC_H_INGRESS, CLSACT_HANDLE);
}

function header(ifindex: number, parent = TC_H_ROOT, handle = 0): AttrWriter {
  return new AttrWriter().struct(TCMSG, (put) => put.u8(0, AF_UNSPEC).i32(4, ifindex).u32(8, handle).u32(12, parent));
}

/** Bytes per second of `struct tc_ratespec` and its like saturate; the 64-bit attribute has the truth then. */
function rateOf(bits: number): { readonly word: number; readonly wide: Uint8Array | undefined } {
  const bytes = Math.round(bits / 8);
  if (!Number.isSafeInteger(bytes) || bytes < 1) throw new EncodeError('rate', `${bits} is not a number of bits per second from 8 upwards`);
  return bytes < 0xffffffff ? { word: bytes, wide: undefined } : { word: 0xffffffff, wide: u64(bytes) };
}

function tbf(spec: Extract<QdiscSpec, { kind: 'tbf' }>): (options: AttrWriter) => unknown {
  const { word, wide } = rateOf(spec.rate);
  // struct tc_tbf_qopt: rate and peak rate (12 bytes each), limit, buffer, mtu; `buffer` is replaced by TCA_TBF_BURST
  return (options) => {
    options.bytes(
      TCA_TBF_PARMS,
      new AttrWriter().struct(TC_TBF_QOPT, (put) => put.u8(1, TC_LINKLAYER_ETHERNET).u32(8, word).u32(24, spec.limit)).finish(),
    );
    options.u32(TCA_TBF_BURST, spec.burst);
    if (wide !== undefined) options.bytes(TCA_TBF_RATE64, wide);
  };
}

function netem(spec: Extract<QdiscSpec, { kind: 'netem' }>): (options: AttrWriter) => unknown {
  const { delay = 0, jitter = 0, loss = 0 } = spec;
  return (options) => {
    // struct tc_netem_qopt: latency, limit, loss, gap, duplicate, jitter; loss in parts of 2^32 - 1
    options.struct(TC_NETEM_QOPT, (put) =>
      put
        .u32(0, Math.round(delay / TICK))
        .u32(4, spec.limit)
        .u32(8, Math.round(loss * 0xffffffff))
        .u32(20, Math.round(jitter / TICK)),
    );
    if (spec.rate === undefined) return;
    const { word, wide } = rateOf(spec.rate);
    options.bytes(TCA_NETEM_RATE, new AttrWriter().struct(TC_NETEM_RATE, (put) => put.u32(0, word)).finish());
    if (wide !== undefined) options.bytes(TCA_NETEM_RATE64, wide);
  };
}

function u64(value: number): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(Math.round(value))).buffer);
}

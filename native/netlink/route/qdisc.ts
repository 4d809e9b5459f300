/** Queueing disciplines at the root of a device (rtnetlink(7), RTM_*QDISC; include/uapi/linux/pkt_sched.h). Only what shapes a cable. */
import { AttrWriter } from '../attr.ts';
import { AF_UNSPEC, NLM_F_CREATE, NLM_F_REPLACE } from '../constants.ts';
import { EncodeError } from '../errors.ts';
import type { Request } from '../message.ts';

/** include/uapi/linux/rtnetlink.h */
const RTM_NEWQDISC = 36;
const RTM_DELQDISC = 37;
const TCA_KIND = 1;
const TCA_OPTIONS = 2;
/** Size of `struct tcmsg`, and the parent that means "the device itself". */
const TCMSG = 20;
const TC_H_ROOT = 0xffffffff;

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

/** Sets the root discipline of a device, whatever it was. ENOENT: the kernel has no such kind. */
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

function header(ifindex: number): AttrWriter {
  return new AttrWriter().struct(TCMSG, (put) => put.u8(0, AF_UNSPEC).i32(4, ifindex).u32(12, TC_H_ROOT));
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

/** Rules that choose a routing table (rtnetlink(7), RTM_*RULE; include/uapi/linux/fib_rules.h). */
import { AttrWriter } from '../attr.ts';
import {
  AF_UNSPEC,
  FIB_RULE_INVERT,
  FRA_DPORT_RANGE,
  FRA_DST,
  FRA_FWMARK,
  FRA_FWMASK,
  FRA_IIFNAME,
  FRA_IP_PROTO,
  FRA_L3MDEV,
  FRA_OIFNAME,
  FRA_PRIORITY,
  FRA_PROTOCOL,
  FRA_SPORT_RANGE,
  FRA_SRC,
  FRA_SUPPRESS_PREFIXLEN,
  FRA_TABLE,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  RTM_DELRULE,
  RTM_GETRULE,
  RTM_NEWRULE,
} from '../constants.ts';
import { EncodeError } from '../errors.ts';
import type { Request } from '../message.ts';
import { type Attr, attributes, type Reader } from '../reader.ts';
import { type Family, formatPrefix, fromAf, parsePrefix, toAf } from '../text.ts';
import { numberOf, routeProtocols, ruleActions, type WordOf, wordOf } from '../words.ts';

/** Size of `struct fib_rule_hdr`. */
const FIB_RULE_HDR = 12;

/** First and last port. */
export type PortRange = readonly [first: number, last: number];

/** What a rule looks at and what it does. */
export interface RuleSpec {
  /** Needed when neither `from` nor `to` is given. */
  readonly family?: Family;
  /** Lower is earlier; the kernel takes one below the lowest when absent. */
  readonly priority?: number;
  readonly from?: string;
  readonly to?: string;
  readonly fwmark?: number;
  /** All bits when absent. */
  readonly fwmask?: number;
  readonly inputInterface?: string;
  readonly outputInterface?: string;
  readonly ipProtocol?: number;
  readonly sourcePorts?: PortRange;
  readonly destinationPorts?: PortRange;
  /** Matches what the rule does not describe. */
  readonly invert?: boolean;
  /** Look up the table of the packet's vrf. */
  readonly l3mdev?: boolean;
  /** Take no route with a prefix of this length or shorter. */
  readonly suppressPrefixLength?: number;
  /** `lookup` when absent. */
  readonly action?: WordOf<typeof ruleActions>;
  readonly table?: number;
  readonly protocol?: WordOf<typeof routeProtocols>;
}

/** A rule of the kernel. */
export interface Rule extends RuleSpec {
  readonly family: Family;
  readonly priority: number;
  readonly table: number;
  readonly action: WordOf<typeof ruleActions>;
}

/** Adds a rule; EEXIST when there is an equal one. */
export const addRule = (spec: RuleSpec): Request => request('add rule', RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, spec);

/** Deletes the first rule that matches all given fields; ENOENT when no rule matches. */
export const deleteRule = (spec: RuleSpec): Request => request('delete rule', RTM_DELRULE, 0, spec);

function request(verb: string, type: number, flags: number, spec: RuleSpec): Request {
  const from = spec.from === undefined ? undefined : parsePrefix(spec.from);
  const to = spec.to === undefined ? undefined : parsePrefix(spec.to);
  const family = spec.family ?? from?.family ?? to?.family;
  if (family === undefined) throw new EncodeError('family', 'a rule without from and to must name its family');
  const table = spec.table ?? 0;
  // l3mdev names no table of its own: the vrf does.
  const action = numberOf(
    ruleActions,
    spec.action ?? (type === RTM_DELRULE && spec.table === undefined && !spec.l3mdev ? 'unspec' : 'lookup'),
  );
  const body = new AttrWriter().struct(FIB_RULE_HDR, (put) => {
    put
      .u8(0, toAf(family))
      .u8(1, to?.length ?? 0)
      .u8(2, from?.length ?? 0)
      .u8(4, table < 256 ? table : 0);
    put.u8(7, action).u32(8, spec.invert ? FIB_RULE_INVERT : 0);
  });
  if (from !== undefined && from.length > 0) body.bytes(FRA_SRC, from.address);
  if (to !== undefined && to.length > 0) body.bytes(FRA_DST, to.address);
  writeSelectors(body, spec);
  if (table > 255) body.u32(FRA_TABLE, table);
  return { operation: `${verb} ${describe(spec)}`, type, flags, body: body.finish() };
}

/** `priority 100 from 10.0.0.0/24 table 7`. */
function describe(spec: RuleSpec): string {
  return Object.entries(spec)
    .map(([key, value]) => `${key} ${value}`)
    .join(' ');
}

function writeSelectors(body: AttrWriter, spec: RuleSpec): void {
  const numbers = [
    [FRA_PRIORITY, spec.priority],
    [FRA_FWMARK, spec.fwmark],
    [FRA_FWMASK, spec.fwmask],
    [FRA_SUPPRESS_PREFIXLEN, spec.suppressPrefixLength],
  ] as const;
  for (const [type, value] of numbers) if (value !== undefined) body.u32(type, value);
  if (spec.inputInterface !== undefined) body.str(FRA_IIFNAME, spec.inputInterface);
  if (spec.outputInterface !== undefined) body.str(FRA_OIFNAME, spec.outputInterface);
  if (spec.ipProtocol !== undefined) body.u8(FRA_IP_PROTO, spec.ipProtocol);
  if (spec.l3mdev) body.u8(FRA_L3MDEV, 1);
  if (spec.protocol !== undefined) body.u8(FRA_PROTOCOL, numberOf(routeProtocols, spec.protocol));
  if (spec.sourcePorts !== undefined) body.bytes(FRA_SPORT_RANGE, portRange(spec.sourcePorts));
  if (spec.destinationPorts !== undefined) body.bytes(FRA_DPORT_RANGE, portRange(spec.destinationPorts));
}

/** `struct fib_rule_port_range`: two 16-bit ports in host order. */
function portRange([first, last]: PortRange): Uint8Array {
  return new AttrWriter().struct(4, (put) => put.u16(0, first).u16(2, last)).finish();
}

/** The rules of the namespace, of one family or both. */
export function listRules({ family }: { readonly family?: Family } = {}): Request {
  const body = new AttrWriter().struct(FIB_RULE_HDR, (put) => put.u8(0, family === undefined ? AF_UNSPEC : toAf(family))).finish();
  return { operation: 'list rules', type: RTM_GETRULE, flags: NLM_F_DUMP, body };
}

type Draft = { -readonly [K in keyof Rule]: Rule[K] };

/** Reads the body of RTM_NEWRULE or RTM_DELRULE; undefined for a family that is no IP. */
export function decodeRule(body: Reader): Rule | undefined {
  const family = fromAf(body.u8(0));
  if (family === undefined) return undefined;
  const rule: Draft = { family, priority: 0, table: body.u8(4), action: wordOf(ruleActions, body.u8(7)) };
  if (body.u32(8) & FIB_RULE_INVERT) rule.invert = true;
  for (const attr of attributes(body, FIB_RULE_HDR)) readSelector(rule, attr, body);
  return rule;
}

function readSelector(rule: Draft, attr: Attr, body: Reader): void {
  const size = rule.family === 4 ? 4 : 16;
  if (attr.type === FRA_SRC) rule.from = formatPrefix(attr.exactly(size).bytes, body.u8(2));
  else if (attr.type === FRA_DST) rule.to = formatPrefix(attr.exactly(size).bytes, body.u8(1));
  else selectors[attr.type]?.(rule, attr);
}

const selectors: Readonly<Record<number, (rule: Draft, attr: Attr) => void>> = {
  [FRA_PRIORITY]: (rule, attr) => {
    rule.priority = attr.u32();
  },
  [FRA_TABLE]: (rule, attr) => {
    rule.table = attr.u32();
  },
  [FRA_FWMARK]: (rule, attr) => {
    rule.fwmark = attr.u32();
  },
  [FRA_FWMASK]: (rule, attr) => {
    rule.fwmask = attr.u32();
  },
  [FRA_SUPPRESS_PREFIXLEN]: (rule, attr) => {
    // The kernel says "none" with -1.
    if (attr.i32() >= 0) rule.suppressPrefixLength = attr.u32();
  },
  [FRA_IIFNAME]: (rule, attr) => {
    rule.inputInterface = attr.str();
  },
  [FRA_OIFNAME]: (rule, attr) => {
    rule.outputInterface = attr.str();
  },
  [FRA_IP_PROTO]: (rule, attr) => {
    rule.ipProtocol = attr.u8();
  },
  [FRA_L3MDEV]: (rule, attr) => {
    if (attr.u8() !== 0) rule.l3mdev = true;
  },
  [FRA_PROTOCOL]: (rule, attr) => {
    rule.protocol = wordOf(routeProtocols, attr.u8());
  },
  [FRA_SPORT_RANGE]: (rule, attr) => {
    rule.sourcePorts = readPorts(attr);
  },
  [FRA_DPORT_RANGE]: (rule, attr) => {
    rule.destinationPorts = readPorts(attr);
  },
};

const readPorts = (attr: Attr): PortRange => [attr.exactly(4).u16(0), attr.payload.u16(2)];

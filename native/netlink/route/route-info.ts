/** Answers about routes: what RTM_NEWROUTE tells (include/uapi/linux/rtnetlink.h). */
import { align } from '../attr.ts';
import {
  RTA_DST,
  RTA_GATEWAY,
  RTA_METRICS,
  RTA_MULTIPATH,
  RTA_OIF,
  RTA_PREFSRC,
  RTA_PRIORITY,
  RTA_TABLE,
  RTA_VIA,
  RTAX_ADVMSS,
  RTAX_LOCK,
  RTAX_MTU,
  RTNH_F_ONLINK,
} from '../constants.ts';
import { DecodeError } from '../errors.ts';
import { type Attr, attributes, type Reader } from '../reader.ts';
import { type Family, formatIp, formatPrefix, fromAf, unspecified } from '../text.ts';
import { routeProtocols, routeTypes, scopes, type WordOf, wordOf } from '../words.ts';
import { RTMSG, RTNEXTHOP } from './route.ts';

/** One way out of a multipath route. */
export interface NextHop {
  readonly gateway?: string;
  readonly ifindex: number;
  readonly onlink: boolean;
  /** RTNH_F_* bits. */
  readonly flags: number;
  /** 1 to 256. */
  readonly weight: number;
}

/** A route of the kernel. */
export interface Route {
  readonly family: Family;
  /** With prefix length; `default` for length 0. */
  readonly destination: string;
  readonly gateway?: string;
  readonly ifindex?: number;
  readonly source?: string;
  readonly table: number;
  readonly type: WordOf<typeof routeTypes>;
  readonly scope: WordOf<typeof scopes>;
  readonly protocol: WordOf<typeof routeProtocols>;
  readonly onlink: boolean;
  /** RTNH_F_* and RTM_F_* bits. */
  readonly flags: number;
  readonly metric?: number;
  /** Bytes. */
  readonly mtu?: number;
  readonly lockMtu?: boolean;
  /** Bytes. */
  readonly advmss?: number;
  readonly nexthops?: readonly NextHop[];
}

type Draft = { -readonly [K in keyof Route]: Route[K] };

/** Reads the body of RTM_NEWROUTE or RTM_DELROUTE; undefined for a family that is no IP. */
export function decodeRoute(body: Reader): Route | undefined {
  const family = fromAf(body.u8(0));
  if (family === undefined) return undefined;
  const length = body.u8(1);
  const flags = body.u32(8);
  const route: Draft = {
    family,
    destination: length === 0 ? 'default' : formatPrefix(unspecified(family), length),
    table: body.u8(4),
    type: wordOf(routeTypes, body.u8(7)),
    scope: wordOf(scopes, body.u8(6)),
    protocol: wordOf(routeProtocols, body.u8(5)),
    onlink: (flags & RTNH_F_ONLINK) !== 0,
    flags,
  };
  for (const attr of attributes(body, RTMSG)) readAttribute(route, attr, length);
  return route;
}

function readAttribute(route: Draft, attr: Attr, length: number): void {
  const size = route.family === 4 ? 4 : 16;
  switch (attr.type) {
    case RTA_DST:
      // Linux cuts nothing, but tells `default` by the length alone.
      if (length > 0) route.destination = formatPrefix(attr.exactly(size).bytes, length);
      break;
    case RTA_GATEWAY:
    case RTA_VIA:
      route.gateway = readGateway(attr, size);
      break;
    case RTA_OIF:
      route.ifindex = attr.u32();
      break;
    case RTA_PREFSRC:
      route.source = formatIp(attr.exactly(size).bytes);
      break;
    case RTA_TABLE:
      route.table = attr.u32();
      break;
    case RTA_PRIORITY:
      route.metric = attr.u32();
      break;
    case RTA_METRICS:
      readMetrics(route, attr);
      break;
    case RTA_MULTIPATH:
      route.nexthops = readMultipath(attr.payload, size);
      break;
  }
}

function readGateway(attr: Attr, size: number): string {
  if (attr.type === RTA_GATEWAY) return formatIp(attr.exactly(size).bytes);
  const family = fromAf(attr.payload.u16(0));
  if (family === undefined) throw new DecodeError(`gateway of unknown family ${attr.payload.u16(0)}`, attr.payload.base);
  return formatIp(attr.exactly(family === 4 ? 6 : 18).bytes.subarray(2));
}

function readMetrics(route: Draft, attr: Attr): void {
  for (const metric of attr.nested()) {
    if (metric.type === RTAX_MTU) route.mtu = metric.u32();
    else if (metric.type === RTAX_ADVMSS) route.advmss = metric.u32();
    else if (metric.type === RTAX_LOCK && metric.u32() & (1 << RTAX_MTU)) route.lockMtu = true;
  }
}

function readMultipath(window: Reader, size: number): NextHop[] {
  const hops: NextHop[] = [];
  for (let at = 0; at < window.length; ) {
    const length = window.u16(at);
    if (length < RTNEXTHOP) throw new DecodeError(`next hop claims ${length} bytes, less than its header`, window.base + at);
    hops.push(readNextHop(window.slice(at, length), size));
    at += align(length);
  }
  return hops;
}

function readNextHop(window: Reader, size: number): NextHop {
  const flags = window.u8(2);
  let gateway: string | undefined;
  for (const attr of attributes(window, RTNEXTHOP)) {
    if (attr.type === RTA_GATEWAY || attr.type === RTA_VIA) gateway = readGateway(attr, size);
  }
  return {
    ...(gateway !== undefined && { gateway }),
    ifindex: window.i32(4),
    onlink: (flags & RTNH_F_ONLINK) !== 0,
    flags,
    weight: window.u8(3) + 1,
  };
}

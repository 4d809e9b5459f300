/** Requests about routes (rtnetlink(7), RTM_*ROUTE; include/uapi/linux/rtnetlink.h). */
import { AttrWriter } from '../attr.ts';
import {
  AF_UNSPEC,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  RT_TABLE_MAIN,
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
  RTM_DELROUTE,
  RTM_GETROUTE,
  RTM_NEWROUTE,
  RTNH_F_ONLINK,
} from '../constants.ts';
import { EncodeError } from '../errors.ts';
import type { Request } from '../message.ts';
import { type Family, familyOf, type Prefix, parseIp, parsePrefix, toAf, unspecified } from '../text.ts';
import { numberOf, routeProtocols, routeTypes, scopes, type WordOf } from '../words.ts';

/** Size of `struct rtmsg`. */
export const RTMSG = 12;
/** Size of `struct rtnexthop`. */
export const RTNEXTHOP = 8;

/** One way out. A gateway of the other family (IPv4 by IPv6) is allowed. */
export interface NextHopSpec {
  readonly gateway?: string;
  readonly ifindex?: number;
  /** The gateway is reachable on the link, although no local prefix contains it. */
  readonly onlink?: boolean;
  /** Share among several next hops, 1 to 256. */
  readonly weight?: number;
}

/** A route to add, replace or delete. */
export interface RouteSpec extends Omit<NextHopSpec, 'weight'> {
  /** `10.0.0.0/24`, a bare address, or `default`. */
  readonly destination: string;
  /** For `default` without a gateway; else it follows from the addresses. */
  readonly family?: Family;
  readonly type?: WordOf<typeof routeTypes>;
  /** When absent as iproute2 has it: `host` for local routes, `link` for IPv4 without gateway, else `global`. */
  readonly scope?: WordOf<typeof scopes>;
  /** Preferred source address. */
  readonly source?: string;
  /** `main` (254) when absent. */
  readonly table?: number;
  /** Lower is better. */
  readonly metric?: number;
  readonly protocol?: WordOf<typeof routeProtocols>;
  /** Path MTU in bytes. */
  readonly mtu?: number;
  /** Path discovery does not lower `mtu`. */
  readonly lockMtu?: boolean;
  /** TCP maximum segment size to announce, in bytes. */
  readonly advmss?: number;
  /** Several ways out, instead of `gateway` and `ifindex`. */
  readonly nexthops?: readonly NextHopSpec[];
}

/** Adds a route; EEXIST when the table has one with this destination and metric. */
export const addRoute = (spec: RouteSpec): Request => request('add route', RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, spec);

/** Adds a route or puts it in the place of the one that is there. */
export const replaceRoute = (spec: RouteSpec): Request => request('replace route', RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, spec);

/** Adds a route behind those with the same destination; for IPv6 this makes one more next hop. */
export const appendRoute = (spec: RouteSpec): Request => request('append route', RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND, spec);

/** Deletes the first route that matches all given fields; ESRCH when no route matches. */
export function deleteRoute(spec: RouteSpec): Request {
  // Zero type and protocol and scope `nowhere` match any route (net/ipv4/fib_trie.c, fib_table_delete).
  return request('delete route', RTM_DELROUTE, 0, { type: 'unspec', protocol: 'unspec', scope: 'nowhere', ...spec });
}

function request(verb: string, type: number, flags: number, spec: RouteSpec): Request {
  const destination = parseDestination(spec);
  const { family, length, address } = destination;
  const table = spec.table ?? RT_TABLE_MAIN;
  const body = new AttrWriter().struct(RTMSG, (put) => {
    put
      .u8(0, toAf(family))
      .u8(1, length)
      .u8(4, table < 256 ? table : 0);
    put.u8(5, numberOf(routeProtocols, spec.protocol ?? 'boot')).u8(6, scopeOf(spec, family));
    put.u8(7, numberOf(routeTypes, spec.type ?? 'unicast')).u32(8, spec.onlink ? RTNH_F_ONLINK : 0);
  });
  if (length > 0) body.bytes(RTA_DST, address);
  if (table > 255) body.u32(RTA_TABLE, table);
  writeHop(body, spec, family);
  if (spec.source !== undefined) body.bytes(RTA_PREFSRC, parseIp(spec.source));
  if (spec.metric !== undefined) body.u32(RTA_PRIORITY, spec.metric);
  writeMetrics(body, spec);
  if (spec.nexthops !== undefined) body.bytes(RTA_MULTIPATH, multipath(spec.nexthops, family));
  return { operation: `${verb} ${describe(spec)}`, type, flags, body: body.finish() };
}

/** `10.0.0.0/24 via 10.0.0.1 on link 3`. */
function describe({ destination, gateway, ifindex }: RouteSpec): string {
  return `${destination}${gateway === undefined ? '' : ` via ${gateway}`}${ifindex === undefined ? '' : ` on link ${ifindex}`}`;
}

function parseDestination(spec: RouteSpec): Prefix {
  if (spec.destination !== 'default') return parsePrefix(spec.destination);
  const hint = spec.gateway ?? spec.source ?? spec.nexthops?.find((hop) => hop.gateway !== undefined)?.gateway;
  const family = spec.family ?? (hint === undefined ? undefined : familyOf(parseIp(hint)));
  if (family === undefined) throw new EncodeError('family', 'a default route without gateway must name its family');
  return { family, address: unspecified(family), length: 0 };
}

/** The rules of iproute2; IPv6 knows no scopes. */
function scopeOf(spec: RouteSpec, family: Family): number {
  if (spec.scope !== undefined) return numberOf(scopes, spec.scope);
  if (family === 6) return scopes.global;
  if (spec.type === 'local') return scopes.host;
  const direct = spec.gateway === undefined && spec.nexthops === undefined && (spec.type ?? 'unicast') === 'unicast';
  return direct ? scopes.link : scopes.global;
}

function writeHop(body: AttrWriter, hop: NextHopSpec, family: Family): void {
  if (hop.gateway !== undefined) writeGateway(body, hop.gateway, family);
  if (hop.ifindex !== undefined) body.u32(RTA_OIF, hop.ifindex);
}

/** RTA_GATEWAY, or RTA_VIA (`struct rtvia`: 16-bit family, address) for a gateway of the other family. */
function writeGateway(body: AttrWriter, text: string, family: Family): void {
  const gateway = parseIp(text);
  if (familyOf(gateway) === family) body.bytes(RTA_GATEWAY, gateway);
  else body.bytes(RTA_VIA, viaOf(gateway));
}

function viaOf(gateway: Uint8Array): Uint8Array {
  return new AttrWriter()
    .struct(2 + gateway.length, (put) => put.u16(0, toAf(familyOf(gateway))).bytes(2, gateway))
    .finish()
    .subarray(0, 2 + gateway.length);
}

function writeMetrics(body: AttrWriter, { mtu, lockMtu, advmss }: RouteSpec): void {
  if (mtu === undefined && advmss === undefined) return;
  body.nested(RTA_METRICS, (metrics) => {
    if (lockMtu) metrics.u32(RTAX_LOCK, 1 << RTAX_MTU);
    if (mtu !== undefined) metrics.u32(RTAX_MTU, mtu);
    if (advmss !== undefined) metrics.u32(RTAX_ADVMSS, advmss);
  });
}

/** RTA_MULTIPATH: `struct rtnexthop` with its attributes, one after the other; the length is that of both. */
function multipath(hops: readonly NextHopSpec[], family: Family): Uint8Array {
  const all = new AttrWriter();
  for (const hop of hops) {
    const inner = new AttrWriter();
    if (hop.gateway !== undefined) writeGateway(inner, hop.gateway, family);
    const attrs = inner.finish();
    all.struct(RTNEXTHOP + attrs.length, (put) => {
      put
        .u16(0, RTNEXTHOP + attrs.length)
        .u8(2, hop.onlink ? RTNH_F_ONLINK : 0)
        .u8(3, (hop.weight ?? 1) - 1);
      put.i32(4, hop.ifindex ?? 0).bytes(RTNEXTHOP, attrs);
    });
  }
  return all.finish();
}

/** Which routes to list; the kernel does the filtering. */
export interface RouteFilter {
  readonly family?: Family;
  /** Every table when absent. */
  readonly table?: number;
  readonly ifindex?: number;
  readonly protocol?: WordOf<typeof routeProtocols>;
  readonly type?: WordOf<typeof routeTypes>;
}

/** The routes of the namespace, of one family or both. */
export function listRoutes({ family, table = 0, ifindex, protocol = 'unspec', type = 'unspec' }: RouteFilter = {}): Request {
  const body = new AttrWriter().struct(RTMSG, (put) => {
    put.u8(0, family === undefined ? AF_UNSPEC : toAf(family)).u8(4, table < 256 ? table : 0);
    put.u8(5, numberOf(routeProtocols, protocol)).u8(7, numberOf(routeTypes, type));
  });
  if (table > 255) body.u32(RTA_TABLE, table);
  if (ifindex !== undefined) body.u32(RTA_OIF, ifindex);
  return { operation: 'list routes', type: RTM_GETROUTE, flags: NLM_F_DUMP, body: body.finish() };
}

/** The route that a packet to `address` would take now, with the path MTU that was learnt for it (`ip route get`). */
export function lookupRoute(address: string): Request {
  const bytes = parseIp(address);
  const body = new AttrWriter().struct(RTMSG, (put) => {
    put.u8(0, toAf(familyOf(bytes))).u8(1, bytes.length * 8);
  });
  return { operation: `look up route to ${address}`, type: RTM_GETROUTE, flags: 0, body: body.bytes(RTA_DST, bytes).finish() };
}

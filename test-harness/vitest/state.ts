import type { Link, Neighbour, Route } from '../../native/index.ts';
import { bareAddress, familyOf, formatPrefix, parsePrefix } from '../lab/address.ts';
import type { NetworkNamespace } from '../lab/namespace.ts';
import { deviceNames, formatRoute, listing, subjectOf, type Verdict } from './subject.ts';

/** A route to look for; what is not given does not matter. */
export interface RouteExpectation {
  /** `10.0.0.0/24`, `fd00::/64`, one address, or `default` (of either family, unless `via` or `family` tells) */
  readonly destination: string;
  readonly family?: 4 | 6;
  /** the gateway */
  readonly via?: string;
  readonly dev?: string;
  /** bytes; the route's own, not that of its device */
  readonly mtu?: number;
  /** the source address that the route prefers */
  readonly source?: string;
  readonly metric?: number;
  /** default 254, the main one */
  readonly table?: number;
}

/** A device to look for; what is not given does not matter. */
export interface InterfaceExpectation {
  /** `veth`, `bridge`, ... */
  readonly kind?: string;
  /** bytes */
  readonly mtu?: number;
  readonly mac?: string;
  readonly up?: boolean;
  /** the bridge or VRF that it belongs to, by name */
  readonly master?: string;
}

/** A neighbour to look for; what is not given does not matter. */
export interface NeighbourExpectation {
  readonly address: string;
  readonly mac?: string;
  readonly dev?: string;
  /** `permanent`, `reachable`, `stale`, ... */
  readonly state?: string;
}

/** What there is, and the verdict over it. */
interface Finding {
  readonly found: boolean;
  readonly wanted: string;
  /** what there is instead, and under which heading */
  readonly seen: string;
}

const verdict = (at: NetworkNamespace, { found, wanted, seen }: Finding): Verdict => ({
  pass: found,
  message: () => `expected ${at.place.name} ${found ? 'not to' : 'to'} have ${wanted}\n${seen}`,
});

/** Fields that are given and differ. */
function differences(wanted: object, found: object): string[] {
  const has = found as Record<string, unknown>;
  return Object.entries(wanted).flatMap(([key, value]) =>
    value === undefined || has[key] === value ? [] : [`${key} is ${String(has[key])}, not ${String(value)}`],
  );
}

const inWords = (fields: object): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(' ');

/** Is there a route? Looks in the main table unless told otherwise. */
export async function toHaveRoute(received: unknown, wanted: RouteExpectation): Promise<Verdict> {
  const at = subjectOf(received, 'toHaveRoute');
  using netlink = await at.netlink();
  const name = deviceNames(await netlink.links.list());
  const { table = 254, family } = wanted;
  const routes = await netlink.routes.list({ table, ...(family === undefined ? {} : { family }) });
  const destination = normalPrefix(wanted.destination);
  const same = routes.filter((route) => route.destination === destination && isOfFamily(route, wanted));
  const found = same.some((route) => (route.nexthops ?? [route]).some((hop) => agrees(wanted, route, hop, name)));
  const shown = (same.length > 0 ? same : routes).map((route) => formatRoute(route, name));
  const heading = same.length > 0 ? `its routes to ${destination}` : `no route to ${destination}; its routes in table ${table}`;
  const { destination: _, table: __, family: ___, ...rest } = wanted;
  return verdict(at, { found, wanted: `route ${destination} ${inWords(rest)}`.trimEnd(), seen: listing(heading, shown) });
}

function isOfFamily(route: Route, { destination, family, via }: RouteExpectation): boolean {
  if (family !== undefined) return route.family === family;
  if (destination.includes('/') || destination !== 'default') return route.family === familyOf(destination);
  return via === undefined || route.family === familyOf(via);
}

function agrees(
  wanted: RouteExpectation,
  route: Route,
  hop: { gateway?: string; ifindex?: number },
  name: (ifindex: number) => string,
): boolean {
  const { dev, mtu, metric } = wanted;
  const [via, source] = [wanted.via, wanted.source].map((address) => address && normalAddress(address));
  const found = { via: hop.gateway, dev: hop.ifindex === undefined ? undefined : name(hop.ifindex) };
  const { mtu: hasMtu, source: hasSource, metric: hasMetric } = route;
  return differences({ via, dev, mtu, source, metric }, { ...found, mtu: hasMtu, source: hasSource, metric: hasMetric }).length === 0;
}

/** As the kernel's routes are written: `default`, or with prefix length and without host bits. */
function normalPrefix(text: string): string {
  if (text === 'default' || text === '0.0.0.0/0' || text === '::/0') return 'default';
  return formatPrefix(parsePrefix(text.includes('/') ? text : `${text}/${familyOf(text) === 4 ? 32 : 128}`));
}

/** The kernel's spelling of an address. */
const normalAddress = (address: string): string => bareAddress(canonical(`${address}/${familyOf(address) === 4 ? 32 : 128}`));

/** Is there an address (with its prefix length, or any when none is given), on `dev` when that is given? */
export async function toHaveAddress(received: unknown, address: string, options: { readonly dev?: string } = {}): Promise<Verdict> {
  const at = subjectOf(received, 'toHaveAddress');
  using netlink = await at.netlink();
  const name = deviceNames(await netlink.links.list());
  const rows = (await netlink.addresses.list()).map((row) => ({ address: row.address, dev: name(row.ifindex) }));
  const text = address.includes('/') ? canonical(address) : normalAddress(address);
  const isIt = (row: { address: string; dev: string }) =>
    (address.includes('/') ? row.address : bareAddress(row.address)) === text && (options.dev ?? row.dev) === row.dev;
  const seen = listing(
    'its addresses',
    rows.map((row) => `${row.address} dev ${row.dev}`),
  );
  return verdict(at, { found: rows.some(isIt), wanted: `address ${text}${options.dev === undefined ? '' : ` on ${options.dev}`}`, seen });
}

/** An address with prefix length in the kernel's spelling; unlike a prefix it keeps its host bits. */
function canonical(address: string): string {
  const [, length] = address.split('/');
  const width = familyOf(address) === 4 ? 32 : 128;
  return `${bareAddress(formatPrefix(parsePrefix(`${bareAddress(address)}/${width}`)))}/${length}`;
}

/** Is there a device of that name that is so? */
export async function toHaveInterface(received: unknown, name: string, wanted: InterfaceExpectation = {}): Promise<Verdict> {
  const at = subjectOf(received, 'toHaveInterface');
  using netlink = await at.netlink();
  const links = await netlink.links.list();
  const nameOf = deviceNames(links);
  const link = links.find((candidate) => candidate.name === name);
  const wrong = link === undefined ? [] : differences(wanted, shapeOf(link, nameOf));
  const seen =
    link === undefined
      ? listing(
          'its interfaces',
          links.map((each) => `${each.name} ${inWords(shapeOf(each, nameOf))}`),
        )
      : listing(`${name} ${inWords(shapeOf(link, nameOf))}`, wrong);
  return verdict(at, { found: link !== undefined && wrong.length === 0, wanted: `interface ${name} ${inWords(wanted)}`.trimEnd(), seen });
}

function shapeOf({ kind, mtu, mac, up, master }: Link, nameOf: (ifindex: number) => string): InterfaceExpectation {
  const shape = { kind, mtu, mac, up, master: master === undefined ? undefined : nameOf(master) };
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined));
}

/** Is there a neighbour entry? */
export async function toHaveNeighbour(received: unknown, wanted: NeighbourExpectation): Promise<Verdict> {
  const at = subjectOf(received, 'toHaveNeighbour');
  using netlink = await at.netlink();
  const name = deviceNames(await netlink.links.list());
  const normal = { ...wanted, address: normalAddress(wanted.address) };
  const shape = ({ address, mac, ifindex, state }: Neighbour) => ({ address, mac, dev: name(ifindex), state: String(state) });
  const rows = (await netlink.neighbours.list()).map(shape);
  const found = rows.some((row) => differences(normal, row).length === 0);
  return verdict(at, { found, wanted: `neighbour ${inWords(wanted)}`, seen: listing('its neighbours', rows.map(inWords)) });
}

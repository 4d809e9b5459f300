import { familyOf, parsePrefix } from '../lab/address.ts';
import { isObject, type Json } from './network.ts';
import { badResult, type Result, type ResultIp } from './result.ts';
import { atLeast, KNOWN_VERSIONS } from './version.ts';

/*
 * Results as libcni sees them: what a plugin prints goes through the types of its version, and whatever those do not know is lost on the way to
 * the next plugin and into the cache. Layouts: specification 0.2.0 (`ip4`, `ip6`), 0.3.0 to 0.4.0 (`ips` with `version`), 1.0.0 and 1.1.0.
 */

const FIELDS = {
  interfaces: { '0.3.0': ['name', 'mac', 'sandbox'], '1.0.0': ['name', 'mac', 'mtu', 'sandbox', 'socketPath', 'pciID'] },
  ips: { '0.3.0': ['version', 'interface', 'address', 'gateway'], '1.0.0': ['interface', 'address', 'gateway'] },
  routes: { '0.3.0': ['dst', 'gw'], '1.0.0': ['dst', 'gw', 'mtu', 'advmss', 'priority', 'table', 'scope'] },
  dns: ['nameservers', 'domain', 'search', 'options'],
} as const;

/**
 * A plugin's result through the types of its version, which is that of the request where it names none. Throws BAD_RESULT for what libcni cannot
 * read: no object, a version that it does not know, an address without length.
 */
export function decodeResult(value: unknown, requested: string): Result {
  if (!isObject(value)) throw badResult('not an object');
  const named = value['cniVersion'];
  const cniVersion = typeof named === 'string' && named !== '' ? named : requested === '' ? '0.1.0' : requested;
  if (!KNOWN_VERSIONS.some((known) => known === cniVersion)) throw badResult(`version ${cniVersion} is unknown`);
  return atLeast(cniVersion, '0.3.0') ? decodeLists(value, cniVersion) : decodeFamilies(value, cniVersion);
}

function decodeLists(value: Json, cniVersion: string): Result {
  const layout = atLeast(cniVersion, '1.0.0') ? '1.0.0' : '0.3.0';
  const lists = (['interfaces', 'ips', 'routes'] as const).flatMap((key) => {
    const rows = list(value, key).map((row) => pick(row, FIELDS[key][layout]));
    return rows.length === 0 ? [] : [[key, rows] as const];
  });
  for (const ip of list(value, 'ips')) mustBePrefix(ip['address']);
  for (const route of list(value, 'routes')) mustBePrefix(route['dst']);
  return { cniVersion, ...Object.fromEntries(lists), ...dnsOf(value) };
}

function decodeFamilies(value: Json, cniVersion: string): Result {
  const families = (['ip4', 'ip6'] as const).flatMap((key) => {
    const family = value[key];
    if (!isObject(family)) return [];
    mustBePrefix(family['ip']);
    const routes = list(family, 'routes').map((route) => pick(route, FIELDS.routes['0.3.0']));
    return [[key, { ...pick(family, ['ip', 'gateway']), ...(routes.length === 0 ? {} : { routes }) }] as const];
  });
  return { cniVersion, ...Object.fromEntries(families), ...dnsOf(value) };
}

/** The same result in another version, as libcni hands a cached one to plugins after the network's version changed. Throws BAD_RESULT. */
export function convertResult(result: Result, version: string): Result {
  const [from, to] = [result.cniVersion ?? '0.1.0', version === '' ? '0.1.0' : version];
  if (!KNOWN_VERSIONS.some((known) => known === to)) throw badResult(`convert it to version ${to}: unknown`);
  if (from === to) return result;
  const lists = atLeast(from, '0.3.0') ? result : listsOf(result);
  if (!atLeast(to, '0.3.0')) return { ...familiesOf(lists), cniVersion: to };
  const ips = atLeast(to, '1.0.0') ? lists.ips : lists.ips?.map((ip) => ({ version: `${familyOf(ip.address)}`, ...ip }));
  return decodeLists({ ...lists, ...(ips === undefined ? {} : { ips }) }, to);
}

/** 0.2.0 to lists: routes without a gateway get that of their family (specification 0.2.0, "Result"). */
function listsOf(result: Result): Result {
  const families = (['ip4', 'ip6'] as const).map((key) => result[key]).filter(isObject);
  const ips = families.map(({ ip, gateway }) => ({ address: `${ip}`, ...(gateway === undefined ? {} : { gateway }) }) as ResultIp);
  const routes = families.flatMap((family) => list(family, 'routes').map((route) => ({ gw: family['gateway'], ...route })));
  return {
    ips,
    ...(routes.length === 0 ? {} : { routes: routes.map((route) => pick(route, FIELDS.routes['0.3.0'])) as never }),
    ...dnsOf(result),
  };
}

/** Lists to 0.2.0: the first address of each family. */
function familiesOf(result: Result): Result {
  const ips = result.ips ?? [];
  const entries = ([4, 6] as const).flatMap((family) => {
    const first = ips.find((ip) => familyOf(ip.address) === family);
    if (first === undefined) return [];
    const routes = (result.routes ?? [])
      .filter((route) => familyOf(route.dst) === family)
      .map((route) => pick(route, FIELDS.routes['0.3.0']));
    const gateway = first.gateway === undefined ? {} : { gateway: first.gateway };
    return [[`ip${family}`, { ip: first.address, ...gateway, ...(routes.length === 0 ? {} : { routes }) }] as const];
  });
  if (entries.length === 0) throw badResult('convert it to version 0.2.0: it has no address');
  return { ...Object.fromEntries(entries), ...dnsOf(result) };
}

function dnsOf(value: Json): { dns?: Json } {
  const { dns } = value;
  const known = isObject(dns) ? pick(dns, FIELDS.dns) : {};
  return Object.keys(known).length === 0 ? {} : { dns: known };
}

function list(value: Json, key: string): Json[] {
  const rows = value[key] ?? [];
  if (!Array.isArray(rows) || !rows.every(isObject)) throw badResult(`${key} is not a list of objects`);
  return rows;
}

function pick(row: Json, fields: readonly string[]): Json {
  return Object.fromEntries(fields.flatMap((field) => (row[field] === undefined || row[field] === null ? [] : [[field, row[field]]])));
}

function mustBePrefix(text: unknown): void {
  try {
    parsePrefix(String(text));
  } catch (cause) {
    throw badResult(`${text} is not an address with a length`, { cause });
  }
}

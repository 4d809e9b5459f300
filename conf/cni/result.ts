import { CniError } from './errors.ts';
import { Reader } from './reader.ts';
import type { CniInterface, CniIp, CniResult, CniRoute } from './types.ts';
import { CNI_VERSIONS, type CniVersion, isSupportedVersion, type ResultShape } from './versions.ts';

/** Writes a result in the form of a version: empty lists and unknown values are left out, never null. */
export function encodeResult(result: CniResult, version: CniVersion): object {
  const dns = result.dns && Object.keys(result.dns).length > 0 ? { dns: result.dns } : {};
  return { cniVersion: version, ...ENCODERS[CNI_VERSIONS[version].result](result), ...dns };
}

const ENCODERS: Readonly<Record<ResultShape, (result: CniResult) => object>> = {
  families: encodeFamilies,
  'ips-with-family': (result) => ({
    ...encodeInterfaces(result),
    ...list(
      'ips',
      result.ips.map((ip) => ({ version: String(family(ip.address)), ...ip })),
    ),
    ...list('routes', result.routes.map(shortRoute)),
  }),
  ips: (result) => ({ ...encodeInterfaces(result), ...list('ips', result.ips), ...list('routes', result.routes.map(shortRoute)) }),
  'ips-extended': ({ interfaces, ips, routes }) => ({ ...list('interfaces', interfaces), ...list('ips', ips), ...list('routes', routes) }),
};

/** Interfaces as they were before 1.1.0 brought `mtu`, `socketPath` and `pciID`. */
function encodeInterfaces(result: CniResult): object {
  return list(
    'interfaces',
    result.interfaces.map(({ mtu: _, socketPath: _s, pciID: _p, ...rest }) => rest),
  );
}

/** 0.1.0 and 0.2.0 know one address per family and no interfaces. */
function encodeFamilies(result: CniResult): object {
  const [ip4, ip6] = [encodeFamily(result, 4), encodeFamily(result, 6)];
  if (!ip4 && !ip6) throw new CniError('internal', 'write result: this version cannot carry a result without addresses');
  return { ...(ip4 && { ip4 }), ...(ip6 && { ip6 }) };
}

function encodeFamily(result: CniResult, wanted: 4 | 6): object | undefined {
  const ip = result.ips.find((candidate) => family(candidate.address) === wanted);
  if (!ip) return undefined;
  const routes = result.routes.filter((route) => family(route.dst) === wanted).map(shortRoute);
  return { ip: ip.address, ...(ip.gateway && { gateway: ip.gateway }), ...list('routes', routes) };
}

function shortRoute({ dst, gw }: CniRoute): CniRoute {
  return gw === undefined ? { dst } : { dst, gw };
}

function list<T>(key: string, values: readonly T[]): object {
  return values.length > 0 ? { [key]: values } : {};
}

/** The family of an address or prefix in text form. */
export function family(text: string): 4 | 6 {
  return text.includes(':') ? 6 : 4;
}

/**
 * Reads a result, as `prevResult` carries it. Its own `cniVersion` may be missing below 1.0.0; it is in the request's version then.
 * Errors: `decode-failure`, which names the path of the value that is wrong.
 */
export function decodeResult(value: unknown, requested: CniVersion): CniResult {
  const reader = new Reader(value, 'prevResult');
  const named = reader.optional('cniVersion', 'string');
  if (named !== undefined && named !== '' && !isSupportedVersion(named))
    throw reader.fail('cniVersion', named, 'is not a supported version');
  const shape = CNI_VERSIONS[isSupportedVersion(named) ? named : requested].result;
  const dns = reader.optional('dns', 'object');
  const body = shape === 'families' ? decodeFamilies(reader) : decodeLists(reader);
  return { ...body, ...(dns && Object.keys(dns).length > 0 && { dns }) };
}

function decodeLists(reader: Reader): CniResult {
  const result = {
    interfaces: reader.list('interfaces').map(decodeInterface),
    ips: reader.list('ips').map(decodeIp),
    routes: reader.list('routes').map(decodeRoute),
  };
  for (const [position, { interface: index }] of result.ips.entries()) {
    if (index !== undefined && (index < 0 || index >= result.interfaces.length)) {
      throw reader.fail(`ips[${position}].interface`, index, `points at none of ${result.interfaces.length} interfaces`);
    }
  }
  return result;
}

function decodeFamilies(reader: Reader): CniResult {
  const families = (['ip4', 'ip6'] as const).filter((key) => reader.optional(key, 'object')).map((key) => reader.child(key));
  return {
    interfaces: [],
    ips: families.map((one) => compact<CniIp>({ address: one.required('ip', 'string'), gateway: one.optional('gateway', 'string') })),
    routes: families.flatMap((one) => one.list('routes').map(decodeRoute)),
  };
}

function decodeInterface(reader: Reader): CniInterface {
  return compact<CniInterface>({
    name: reader.required('name', 'string'),
    mac: reader.optional('mac', 'string'),
    mtu: reader.optional('mtu', 'number'),
    sandbox: reader.optional('sandbox', 'string'),
    socketPath: reader.optional('socketPath', 'string'),
    pciID: reader.optional('pciID', 'string'),
  });
}

function decodeIp(reader: Reader): CniIp {
  return compact<CniIp>({
    address: reader.required('address', 'string'),
    gateway: reader.optional('gateway', 'string'),
    interface: reader.optional('interface', 'number'),
  });
}

function decodeRoute(reader: Reader): CniRoute {
  return compact<CniRoute>({
    dst: reader.required('dst', 'string'),
    gw: reader.optional('gw', 'string'),
    mtu: reader.optional('mtu', 'number'),
    advmss: reader.optional('advmss', 'number'),
    priority: reader.optional('priority', 'number'),
    table: reader.optional('table', 'number'),
    scope: reader.optional('scope', 'number'),
  });
}

/** Drops what is undefined or an empty string: Go programs write either for "none". */
function compact<T>(fields: { [K in keyof T]?: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries<unknown>(fields).filter(([, value]) => value !== undefined && value !== '')) as T;
}

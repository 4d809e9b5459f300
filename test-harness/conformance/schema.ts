import { isIPv4, isIPv6 } from 'node:net';
import { isObject, type Json } from '../runtime/network.ts';
import { atLeast } from '../runtime/version.ts';

/**
 * What is wrong with a result of ADD in the form of a version (specification 1.1.0, section 5, "Success", and the texts of the older versions), one
 * sentence each that names the path. Keys that a version does not know are let pass, except where one means the wrong version's form.
 */
export function resultProblems(result: unknown, version: string): string[] {
  if (!isObject(result)) return ['the result is not an object'];
  const own = result['cniVersion'] === version ? [] : [`cniVersion is ${show(result['cniVersion'])}, not ${version}`];
  const body = atLeast(version, '0.3.0') ? listProblems(result, version) : familyProblems(result);
  return [...own, ...body, ...optional(result, 'dns', dnsProblems)];
}

/** Paths of values that are null. Nothing in a result may be: a field without a value is left out. */
export function nullPaths(value: unknown, path = ''): string[] {
  if (value === null) return [path];
  if (Array.isArray(value)) return value.flatMap((item, i) => nullPaths(item, `${path}[${i}]`));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => nullPaths(item, path === '' ? key : `${path}.${key}`));
}

/** Versions 0.1.0 and 0.2.0: one address per family. */
function familyProblems(result: Json): string[] {
  const foreign = ['ips', 'interfaces'].filter((key) => key in result).map((key) => `${key} came with 0.3.0`);
  const families = (['ip4', 'ip6'] as const).flatMap((key) =>
    optional(result, key, (value, path) => oneFamily(value, path, key === 'ip4' ? 4 : 6)),
  );
  const none = 'ip4' in result || 'ip6' in result ? [] : ['neither ip4 nor ip6'];
  return [...foreign, ...families, ...none];
}

function oneFamily(value: unknown, path: string, family: 4 | 6): string[] {
  if (!isObject(value)) return [`${path} is not an object`];
  return [
    ...(isCidr(value['ip'], family) ? [] : [`${path}.ip is ${show(value['ip'])}, not an IPv${family} address with prefix length`]),
    ...gatewayProblems(value, path, family),
    ...items(value, 'routes', `${path}.routes`).flatMap(([route, at]) => routeProblems(route, at, '0.2.0')),
  ];
}

function listProblems(result: Json, version: string): string[] {
  const foreign = ['ip4', 'ip6'].filter((key) => key in result).map((key) => `${key} is of versions before 0.3.0`);
  const lists = ['interfaces', 'ips', 'routes'].filter((key) => key in result && !Array.isArray(result[key]));
  const count = items(result, 'interfaces').length;
  return [
    ...foreign,
    ...lists.map((key) => `${key} is not a list`),
    ...items(result, 'interfaces').flatMap(([one, at]) => interfaceProblems(one, at, version)),
    ...items(result, 'ips').flatMap(([ip, at]) => ipProblems(ip, at, version, count)),
    ...items(result, 'routes').flatMap(([route, at]) => routeProblems(route, at, version)),
  ];
}

function interfaceProblems(value: unknown, path: string, version: string): string[] {
  if (!isObject(value)) return [`${path} is not an object`];
  const strings = ['mac', 'sandbox', ...(atLeast(version, '1.1.0') ? ['socketPath', 'pciID'] : [])];
  return [
    ...(typeof value['name'] === 'string' && value['name'] !== '' ? [] : [`${path}.name is ${show(value['name'])}, not a name`]),
    ...strings.filter((key) => key in value && typeof value[key] !== 'string').map((key) => `${path}.${key} is not a string`),
    ...(atLeast(version, '1.1.0') ? wholeNumbers(value, ['mtu'], path) : []),
  ];
}

function ipProblems(value: unknown, path: string, version: string, interfaces: number): string[] {
  if (!isObject(value)) return [`${path} is not an object`];
  const { address, interface: index } = value;
  const family = typeof address === 'string' && address.includes(':') ? 6 : 4;
  const outside = index !== undefined && !(Number.isInteger(index) && Number(index) >= 0 && Number(index) < interfaces);
  return [
    ...(isCidr(address, family) ? [] : [`${path}.address is ${show(address)}, not an address with prefix length`]),
    ...gatewayProblems(value, path, family),
    ...(outside ? [`${path}.interface is ${show(index)}, and there are ${interfaces} interfaces`] : []),
    ...ipVersionProblems(value['version'], path, version, family),
  ];
}

/** Until 0.4.0 every address says its family; 1.0.0 took the field out. */
function ipVersionProblems(value: unknown, path: string, version: string, family: 4 | 6): string[] {
  if (atLeast(version, '1.0.0')) return value === undefined ? [] : [`${path}.version is ${show(value)}: 1.0.0 has no such field`];
  return value === String(family) ? [] : [`${path}.version is ${show(value)}, not "${family}"`];
}

function gatewayProblems(value: Json, path: string, family: 4 | 6): string[] {
  const { gateway } = value;
  if (gateway === undefined || isAddress(gateway, family)) return [];
  return [`${path}.gateway is ${show(gateway)}, not an IPv${family} address`];
}

function routeProblems(value: unknown, path: string, version: string): string[] {
  if (!isObject(value)) return [`${path} is not an object`];
  const { dst, gw } = value;
  const family = typeof dst === 'string' && dst.includes(':') ? 6 : 4;
  return [
    ...(isCidr(dst, family) ? [] : [`${path}.dst is ${show(dst)}, not a prefix`]),
    ...(gw === undefined || isAddress(gw, family) ? [] : [`${path}.gw is ${show(gw)}, not an IPv${family} address`]),
    ...(atLeast(version, '1.1.0') ? wholeNumbers(value, ['mtu', 'advmss', 'priority', 'table', 'scope'], path) : []),
  ];
}

function dnsProblems(value: unknown, path: string): string[] {
  if (!isObject(value)) return [`${path} is not an object`];
  const lists = ['nameservers', 'search', 'options'].filter((key) => key in value && !isStrings(value[key]));
  const domain = value['domain'];
  return [
    ...lists.map((key) => `${path}.${key} is not a list of strings`),
    ...(domain === undefined || typeof domain === 'string' ? [] : [`${path}.domain is not a string`]),
  ];
}

function optional(object: Json, key: string, problems: (value: unknown, path: string) => string[]): string[] {
  return key in object ? problems(object[key], key) : [];
}

/** The items of a list with their paths; none when it is absent or no list. */
function items(object: Json, key: string, path = key): (readonly [unknown, string])[] {
  const value = object[key];
  return Array.isArray(value) ? value.map((item: unknown, i) => [item, `${path}[${i}]`] as const) : [];
}

function wholeNumbers(object: Json, keys: readonly string[], path: string): string[] {
  return keys
    .filter((key) => key in object && !(Number.isInteger(object[key]) && Number(object[key]) >= 0))
    .map((key) => `${path}.${key} is ${show(object[key])}, not a whole number`);
}

function isCidr(value: unknown, family: 4 | 6): boolean {
  if (typeof value !== 'string') return false;
  const [address, length = '', ...rest] = value.split('/');
  return isAddress(address, family) && /^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128) && rest.length === 0;
}

function isAddress(value: unknown, family: 4 | 6): boolean {
  return typeof value === 'string' && (family === 4 ? isIPv4(value) : isIPv6(value));
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function show(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}

import { isIPv6 } from 'node:net';
import type { Pod } from '../lab/pod.ts';
import type { Json } from '../runtime/network.ts';
import { isObject } from '../runtime/network.ts';
import type { ResultInterface, ResultIp, ResultRoute } from '../runtime/result.ts';
import type { Attached } from './trial.ts';
import { Deviation, NotApplicable } from './verdict.ts';

/** The interface that ADD was asked for, as its result lists it, with its index there. Deviation when it does not. */
export function containerInterface({ result, ifname, pod }: Pick<Attached, 'result' | 'ifname' | 'pod'>): {
  index: number;
  found: ResultInterface;
} {
  const interfaces = listOf<ResultInterface>(result, 'interfaces');
  const index = interfaces.findIndex((one) => one.name === ifname && one.sandbox === pod.netnsPath);
  const found = interfaces[index];
  if (found !== undefined) return { index, found };
  const listed = interfaces.map(({ name, sandbox }) => `${name}${sandbox === undefined ? '' : ` in ${sandbox}`}`).join(', ');
  throw new Deviation(`the result lists no interface ${ifname} with sandbox ${pod.netnsPath}: ${listed === '' ? 'none' : listed}`);
}

/** The objects of one of the result's lists; those that are no objects are the schema items' business. */
export function listOf<T extends ResultInterface | ResultIp | ResultRoute>(result: Json, key: string): T[] {
  const value = result[key];
  return Array.isArray(value) ? value.filter((item): item is T => isObject(item)) : [];
}

/** Addresses of a result in any version's form, with prefix length. */
export function addressesOf(result: Json): string[] {
  const families = ['ip4', 'ip6'].map((key) => result[key]).filter(isObject);
  return [...families.map((one) => one['ip']), ...listOf<ResultIp>(result, 'ips').map((ip) => ip.address)].filter(
    (text) => typeof text === 'string',
  );
}

/** Addresses that an interface of a pod has, each with prefix length, in the kernel's spelling. */
export async function kernelAddresses(pod: Pod, ifname: string): Promise<string[]> {
  using netlink = await pod.netlink();
  const link = await netlink.links.find(ifname);
  if (link === undefined) return [];
  return (await netlink.addresses.list({ ifindex: link.ifindex })).map((row) => row.address);
}

/** Whether the pod's main table has the route of a result. */
export async function hasRoute(pod: Pod, { dst, gw }: ResultRoute): Promise<boolean> {
  using netlink = await pod.netlink();
  const wanted = canonical(dst);
  const rows = await netlink.routes.list();
  return rows.some(
    (row) => canonical(destinationOf(row)) === wanted && (gw === undefined || canonical(row.gateway ?? '') === canonical(gw)),
  );
}

function destinationOf({ destination, family }: { readonly destination: string; readonly family: number }): string {
  if (destination !== 'default') return destination;
  return family === 4 ? '0.0.0.0/0' : '::/0';
}

/** Two spellings of one address or prefix become one. A prefix as long as the address may be left out. */
export function canonical(text: string): string {
  const [address = '', length] = text.split('/');
  const full = address.includes(':') ? '128' : '32';
  const bare = isIPv6(address) ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
  return `${bare}/${length ?? full}`;
}

/** The first address, or not applicable: a plugin may give none. */
export function someAddress(attached: Attached): string {
  const [address] = addressesOf(attached.result);
  if (address === undefined) throw new NotApplicable('the plugin gives no addresses');
  return address;
}

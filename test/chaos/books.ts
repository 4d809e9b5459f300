import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { maps } from '../../bpf/layout.generated.ts';
import type { BpfEndpointRow, BpfIpcacheRow, Endpoint, IpamStatus, Status } from '../../conf/api/types.ts';
import { EXTERNAL_POOLS, hostIfname, isPodLinkKind } from '../../conf/names.ts';
import { BpfMap, getPinned } from '../../native/index.ts';
import type { Node } from '../../test-harness/index.ts';

const IDENTITY_INIT = 5;
const pins = '/sys/fs/bpf/axoneme/v1';
const run = '/run/axoneme';

/** Every account that is kept of a pod, by somebody or something. */
export interface Books {
  /** container ids of the endpoints that are ready */
  readonly ready: readonly string[];
  /** what disagrees, one sentence each */
  readonly problems: readonly string[];
}

/** Asks the daemon of a node. */
export async function ask<T>(node: Node, path: string): Promise<T> {
  const asked = request({ socketPath: await node.path(`${run}/axoneme.sock`), path });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return (await json(answer)) as T;
}

/** Compares all accounts: records, endpoints, addresses, devices, pinned links, filters, rows of the maps, the kernel's switch, files that nobody owns. */
export async function readBooks(node: Node): Promise<Books> {
  const endpoints = await ask<Endpoint[]>(node, '/v1/endpoints');
  const held = endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]).filter((address) => address !== undefined);
  const addresses = held.map(({ address }) => address);
  const names = endpoints.map((endpoint) => endpoint.hostIfname);
  const isLegacy = (await ask<Status>(node, '/v1/status')).datapath.attachMode === 'Legacy TC';
  const filtered = isLegacy ? endpoints.filter(({ device }) => device === undefined) : [];
  const problems = [
    ...endpoints.filter(({ state }) => state !== 'ready').map(({ id, state }) => `endpoint ${id} is ${state}`),
    ...compare(
      'record',
      await records(node),
      endpoints.map(({ id }) => `${id}.json`),
    ),
    ...compare(
      'allocated address',
      await allocated(node),
      held.filter(({ pool }) => !(pool in EXTERNAL_POOLS)).map(({ address }) => address),
    ),
    ...compare('device', await devices(node, names), names),
    ...compare(
      'pinned link',
      await links(node),
      endpoints.flatMap((endpoint) => (filtered.includes(endpoint) ? markOf(endpoint) : linksOf(endpoint))),
    ),
    ...compare('filter', await filters(node), filtered.map((endpoint) => endpoint.hostIfname).flatMap(filtersOf)),
    ...compare('row of axo_endpoints', await endpointRows(node), endpoints.flatMap(rowsOf)),
    ...compare(
      'row of axo_ipcache',
      await identities(node),
      addresses.map((address) => `${address}/${address.includes(':') ? 128 : 32}`),
    ),
    ...compare(
      'row of axo_devices',
      await deviceRows(node),
      endpoints.map(({ hostIfindex, id }) => `${hostIfindex} of endpoint ${id}`),
    ),
    ...compare('queued delete', await node.listFolder(`${run}/delete-queue`), []),
    ...compare(
      'temporary file',
      (await node.listFolder(run)).filter((name) => name.endsWith('.tmp')),
      [],
    ),
    ...(await expedited(node)),
  ];
  return { ready: endpoints.map(({ containerId }) => containerId).sort(), problems };
}

/** What is there and should not be, and the other way round. */
function compare(what: string, found: readonly string[], wanted: readonly string[]): string[] {
  const extra = found.filter((one) => !wanted.includes(one)).map((one) => `${what} ${one} belongs to nobody`);
  const missing = wanted.filter((one) => !found.includes(one)).map((one) => `${what} ${one} is missing`);
  const twice = found.filter((one, index) => found.indexOf(one) !== index).map((one) => `${what} ${one} is there twice`);
  return [...extra, ...missing, ...twice];
}

const records = (node: Node) => node.listFolder(`${run}/endpoints`);

async function allocated(node: Node): Promise<string[]> {
  const { addresses } = await ask<IpamStatus>(node, '/v1/ipam');
  return addresses.filter(({ owner }) => owner !== 'router').map(({ address }) => address);
}

/** Of a pod that lives, or of one that is buried: a disconnected endpoint has its device, and nothing else has one of that form. */
const isPodName = (name: string) => /^(lxc|axd)/.test(name);

/** Ours by their name, and those of other plugins that an endpoint has adopted. */
async function devices(node: Node, adopted: readonly string[]): Promise<string[]> {
  using netlink = await node.netlink();
  const names = (await netlink.links.list()).filter(({ kind }) => isPodLinkKind(kind)).map(({ name }) => name);
  return names.filter((name) => isPodName(name) || adopted.includes(name));
}

/** The folder has the attachment's name, also where the device is another plugin's. A netkit's egress hook is a policy of the device. */
const linksOf = (endpoint: Endpoint): string[] =>
  (endpoint.device === undefined ? ['egress', 'ingress'] : ['ingress']).map((hook) => `${hostIfname(endpoint)}/${hook}`);

/** Filters need no pin; what is there instead says on which device they are. */
const markOf = (endpoint: Endpoint): string[] => [`${hostIfname(endpoint)}/clsact-${endpoint.hostIfindex}`];

const filtersOf = (name: string): string[] => [`axo_from_container at ingress of ${name}`, `axo_to_container at egress of ${name}`];

async function filters(node: Node): Promise<string[]> {
  using netlink = await node.netlink();
  const found: string[] = [];
  for (const { ifindex, name } of (await netlink.links.list()).filter((link) => link.name.startsWith('lxc'))) {
    for (const hook of ['ingress', 'egress'])
      for (const { bpf } of await netlink.trafficControl.filters(ifindex, `clsact ${hook}`))
        found.push(`${bpf?.name} at ${hook} of ${name}`);
  }
  return found;
}

async function links(node: Node): Promise<string[]> {
  const folders = (await node.listFolder(`${pins}/links`)).filter(isPodName);
  const files = await Promise.all(
    folders.map(async (folder) => (await node.listFolder(`${pins}/links/${folder}`)).map((name) => `${folder}/${name}`)),
  );
  return files.flatMap((names, index) => (names.length === 0 ? [`${folders[index]}/`] : names));
}

const rowsOf = ({ ipv4, ipv6, id, hostIfindex, mac }: Endpoint): string[] =>
  [ipv4, ipv6].flatMap((one) => (one === undefined ? [] : [describe({ address: one.address, id, ifindex: hostIfindex, mac })]));

const describe = ({ address, id, ifindex, mac }: Pick<BpfEndpointRow, 'address' | 'id' | 'ifindex' | 'mac'>): string =>
  `${address} to endpoint ${id} at ${ifindex} with ${mac}`;

async function endpointRows(node: Node): Promise<string[]> {
  return (await ask<BpfEndpointRow[]>(node, '/v1/bpf/endpoints')).filter(({ localhost }) => !localhost).map(describe);
}

async function identities(node: Node): Promise<string[]> {
  return (await ask<BpfIpcacheRow[]>(node, '/v1/bpf/ipcache'))
    .filter(({ identity }) => identity === IDENTITY_INIT)
    .map(({ prefix }) => prefix);
}

async function deviceRows(node: Node): Promise<string[]> {
  using fd = getPinned(join(await node.path(`${pins}/maps`), 'axo_devices'));
  const map = new BpfMap(fd, maps.axo_devices.key, maps.axo_devices.value);
  return [...map.entries()].map(([{ ifindex }, { id }]) => `${ifindex} of endpoint ${id}`);
}

async function expedited(node: Node): Promise<string[]> {
  const value = (await node.readFile('/sys/kernel/rcu_expedited')).trim();
  const saved = await node.exists(`${run}/rcu-expedited`);
  return [...(value === '0' ? [] : [`rcu_expedited is ${value}`]), ...(saved ? ['the saved value of rcu_expedited is still there'] : [])];
}

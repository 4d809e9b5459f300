import { type DeviceValue, deviceFlag, type EndpointValue, endpointFlag, maps, reservedIdentity } from '../../bpf/layout.generated.ts';
import type { BpfEndpointRow, Endpoint } from '../../conf/api/types.ts';
import { step } from '../../conf/step.ts';
import { BpfMap, type Fd } from '../../native/index.ts';
import { addressesOf } from '../endpoint/identity.ts';
import type { Ipcache } from '../ipcache/ipcache.ts';
import { addressBytes, addressText, macBytes, macText } from './address.ts';

const NO_MAC = new Uint8Array(6);
const NO_ADDRESS = new Uint8Array(16);
/** The revision of an endpoint whose policy allows everything. */
const NO_POLICY = 0;

/** Prefixes of everything that no other prefix names. */
const WORLD = ['0.0.0.0/0', '::/0'];

/** The one writer of `axo_endpoints` and `axo_devices`: who has an address, who sits behind a device. An endpoint's rows of the ipcache go along. */
export class EndpointMaps {
  readonly #endpoints: BpfMap<{ addr: Uint8Array }, EndpointValue>;
  readonly #devices: BpfMap<{ ifindex: number }, DeviceValue>;
  readonly #ipcache: Ipcache;

  constructor(map: (name: string) => Fd, ipcache: Ipcache) {
    this.#endpoints = new BpfMap(map('axo_endpoints'), maps.axo_endpoints.key, maps.axo_endpoints.value);
    this.#devices = new BpfMap(map('axo_devices'), maps.axo_devices.key, maps.axo_devices.value);
    this.#ipcache = ipcache;
  }

  /** Writes an endpoint's rows: first what lets it send, then what makes others find it. */
  put(endpoint: Endpoint): void {
    step('rows.device', () => this.#devices.set({ ifindex: endpoint.hostIfindex }, deviceRow(endpoint)));
    for (const { address } of addressesOf(endpoint)) {
      step('rows.identity', () => this.#ipcache.put(hostPrefix(address), endpoint.identity));
      step('rows.address', () => this.#endpoints.set({ addr: addressBytes(address) }, endpointRow(endpoint)));
    }
  }

  /** Removes an endpoint's rows; a row that another endpoint has put in their place stays. */
  remove(endpoint: Endpoint): void {
    for (const { address } of addressesOf(endpoint)) {
      const key = { addr: addressBytes(address) };
      const row = this.#endpoints.get(key);
      if (row !== undefined && row.id !== endpoint.id) continue;
      step('rows.remove.address', () => this.#endpoints.delete(key));
      step('rows.remove.identity', () => this.#ipcache.delete(hostPrefix(address)));
    }
    const device = { ifindex: endpoint.hostIfindex };
    if (this.#devices.get(device)?.id === endpoint.id) step('rows.remove.device', () => this.#devices.delete(device));
  }

  /** How the rows differ from what `put` would write; empty when they do not. */
  problems(endpoint: Endpoint): string[] {
    const problems: string[] = [];
    const device = this.#devices.get({ ifindex: endpoint.hostIfindex });
    if (!isSame(device, deviceRow(endpoint), maps.axo_devices.value)) {
      problems.push(`row of device ${endpoint.hostIfindex} in axo_devices is ${device === undefined ? 'missing' : 'wrong'}`);
    }
    for (const { address } of addressesOf(endpoint)) {
      const row = this.#endpoints.get({ addr: addressBytes(address) });
      if (row !== undefined && row.id !== endpoint.id) problems.push(`address ${address} belongs to endpoint ${row.id} in axo_endpoints`);
      else if (!isSame(row, endpointRow(endpoint), maps.axo_endpoints.value)) {
        problems.push(`row of address ${address} in axo_endpoints is ${row === undefined ? 'missing' : 'wrong'}`);
      }
      const identity = this.#ipcache.identityOf(hostPrefix(address));
      if (identity !== endpoint.identity)
        problems.push(`identity of ${address} in axo_ipcache is ${identity ?? 'missing'}, not ${endpoint.identity}`);
    }
    return problems;
  }

  /** Makes the maps hold these endpoints and nothing else, apart from the node's own addresses. Returns how many strangers it removed. */
  sync(endpoints: readonly Endpoint[]): number {
    for (const endpoint of endpoints) this.put(endpoint);
    const ids = new Set(endpoints.map(({ id }) => id));
    const devices = new Set(endpoints.map(({ hostIfindex }) => hostIfindex));
    const prefixes = new Set(endpoints.flatMap(addressesOf).map(({ address }) => hostPrefix(address)));
    const addresses = new Set([...prefixes].map((prefix) => prefix.replace(/\/.*/, '')));
    let strangers = 0;
    for (const [key, row] of [...this.#endpoints.entries()]) {
      const isKept = (row.flags & endpointFlag.HOST) !== 0 || (ids.has(row.id) && addresses.has(addressText(key.addr)));
      if (!isKept && this.#endpoints.delete(key)) strangers++;
    }
    for (const [key] of [...this.#devices.entries()]) if (!devices.has(key.ifindex) && this.#devices.delete(key)) strangers++;
    this.#ipcache.keepEndpoints(prefixes);
    return strangers;
  }

  /** Makes the node's own addresses lead to its stack, and no other address; an endpoint's row is never replaced. */
  syncNode(addresses: readonly string[], ifindex: number): void {
    const wanted = new Set(addresses);
    for (const [key, row] of [...this.#endpoints.entries()]) {
      const address = addressText(key.addr);
      if ((row.flags & endpointFlag.HOST) === 0) wanted.delete(address);
      else if (!wanted.has(address)) this.#forgetNode(address);
    }
    for (const address of wanted) {
      this.#ipcache.put(hostPrefix(address), reservedIdentity.HOST);
      this.#endpoints.set({ addr: addressBytes(address) }, nodeRow(ifindex));
    }
    for (const prefix of WORLD) this.#ipcache.put(prefix, reservedIdentity.WORLD);
  }

  /** All of `axo_endpoints`, in the order of addresses. */
  endpointRows(): BpfEndpointRow[] {
    const rows = [...this.#endpoints.entries()].map(([key, row]) => ({ address: addressText(key.addr), row, sort: sortKey(key.addr) }));
    return rows.sort((a, b) => (a.sort < b.sort ? -1 : 1)).map(({ address, row }) => toApiRow(address, row));
  }

  #forgetNode(address: string): void {
    this.#endpoints.delete({ addr: addressBytes(address) });
    this.#ipcache.delete(hostPrefix(address));
  }
}

function endpointRow(endpoint: Endpoint): EndpointValue {
  return {
    ifindex: endpoint.hostIfindex,
    identity: endpoint.identity,
    id: endpoint.id,
    flags: endpoint.chained ? endpointFlag.STACK | endpointFlag.CHAINED : endpoint.viaStack ? endpointFlag.STACK : 0,
    mtu: endpoint.mtu,
    mac: macBytes(endpoint.mac),
    nodeMac: macBytes(endpoint.hostMac),
    policyRevision: NO_POLICY,
  };
}

function deviceRow(endpoint: Endpoint): DeviceValue {
  return {
    identity: endpoint.identity,
    id: endpoint.id,
    flags: (endpoint.viaStack ? deviceFlag.STACK : 0) | (endpoint.chained ? deviceFlag.CHAINED : 0),
    ipv4: endpoint.ipv4 === undefined ? NO_ADDRESS : addressBytes(endpoint.ipv4.address),
    ipv6: endpoint.ipv6 === undefined ? NO_ADDRESS : addressBytes(endpoint.ipv6.address),
    mac: macBytes(endpoint.mac),
    nodeMac: macBytes(endpoint.hostMac),
    policyRevision: NO_POLICY,
    mtu: endpoint.mtu,
  };
}

function nodeRow(ifindex: number): EndpointValue {
  return {
    ifindex,
    identity: reservedIdentity.HOST,
    id: 0,
    flags: endpointFlag.HOST,
    mtu: 0,
    mac: NO_MAC,
    nodeMac: NO_MAC,
    policyRevision: NO_POLICY,
  };
}

function toApiRow(address: string, row: EndpointValue): BpfEndpointRow {
  const { id, identity, ifindex, flags, mtu } = row;
  return {
    address,
    localhost: (flags & endpointFlag.HOST) !== 0,
    id,
    identity,
    ifindex,
    mac: macText(row.mac),
    nodeMac: macText(row.nodeMac),
    flags,
    mtu,
  };
}

function isSame<T>(found: T | undefined, wanted: T, layout: { encode(value: T): Uint8Array }): boolean {
  return found !== undefined && Buffer.compare(layout.encode(found), layout.encode(wanted)) === 0;
}

/** The prefix that holds one address: `10.0.0.5/32`. */
export const hostPrefix = (address: string): string => `${address}/${address.includes(':') ? 128 : 32}`;
const sortKey = (addr: Uint8Array): string => Buffer.from(addr).toString('hex');

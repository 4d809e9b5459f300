import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceMode, Endpoint, EndpointAddress, EndpointPlan, EndpointRequest } from '../../conf/api/types.ts';
import { buriedIfname } from '../../conf/names.ts';
import { bootId } from '../../native/index.ts';
import type { GraceWindow } from '../datapath/expedite.ts';
import { DomainError } from '../domain-error.ts';
import { removeAll } from '../files.ts';
import { silent } from '../log.ts';
import { adoptRecords } from './adopt.ts';
import { EndpointManager } from './manager.ts';
import type { Addressing, AddressRequest, Burial, Claim, EndpointAddresses, EndpointDatapath } from './ports.ts';
import { RecordStore } from './record.ts';

/* Neighbours of the endpoint manager that only remember, for its tests. */

/** A client whose end the test decides, and for which nobody waits. */
export class FakeClaim implements Claim {
  alive = true;
  readonly leaving = undefined;
  readonly #callbacks = new Set<() => void>();

  whenClosed(callback: () => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  leave(): void {}

  close(): void {
    this.alive = false;
    for (const callback of [...this.#callbacks]) callback();
  }
}

/** A kernel of sets: devices by name, map rows by endpoint id. `failing` names the method that throws next time. */
export class FakeDatapath implements EndpointDatapath {
  readonly mtu = 1500;
  device: { mode: DeviceMode } = { mode: 'veth' };
  readonly routers: EndpointPlan['routers'] = { ipv4: '10.0.0.254', ipv6: 'fd00::ff' };
  readonly devices = new Set<string>();
  readonly rows = new Set<number>();
  readonly calls: string[] = [];
  problems: string[] = [];
  kind: EndpointPlan['attach']['kind'] = 'tcx';
  failing: string | undefined;

  attachPaths(endpoint: Endpoint): EndpointPlan['attach'] {
    return { kind: this.kind, fromContainer: '/progs/from', toContainer: '/progs/to', links: `/links/${endpoint.hostIfname}` };
  }

  expectDevice(endpoint: Endpoint): void {
    this.#enter('expectDevice');
    if (!this.devices.has(endpoint.hostIfname)) throw new DomainError('bad-request', `no device ${endpoint.hostIfname}`);
  }

  async connect(endpoint: Endpoint): Promise<void> {
    this.#enter('connect');
    this.rows.add(endpoint.id);
  }

  async disconnect(endpoint: Endpoint): Promise<void> {
    this.#enter('disconnect');
    this.rows.delete(endpoint.id);
  }

  async bury(endpoint: Endpoint): Promise<Burial> {
    this.#enter('bury');
    const hostIfname = buriedIfname(endpoint.id);
    const isBuried = this.devices.delete(endpoint.hostIfname) || this.devices.has(hostIfname);
    if (isBuried) this.devices.add(hostIfname);
    return { hostIfname: isBuried ? hostIfname : endpoint.hostIfname, isOver: !isBuried };
  }

  async reap(endpoints: readonly Endpoint[]): Promise<ReadonlyMap<number, unknown>> {
    this.#enter('reap');
    for (const { hostIfname } of endpoints) this.devices.delete(hostIfname);
    return new Map();
  }

  hasDevice(endpoint: Endpoint): boolean {
    return this.devices.has(endpoint.hostIfname);
  }

  async inspectNode(): Promise<string[]> {
    return [];
  }

  async inspect(): Promise<string[]> {
    return this.problems;
  }

  #enter(method: string): void {
    this.calls.push(method);
    if (this.failing !== method) return;
    this.failing = undefined;
    throw new Error(`${method}: refused by the test`);
  }
}

/** Addresses 10.0.0.1 to .3, lowest first. */
export class FakeAddressing implements Addressing {
  readonly owners = new Map<string, string>();

  allocate(request: AddressRequest): EndpointAddresses {
    const free = [1, 2, 3].map((last) => `10.0.0.${last}`).find((address) => !this.owners.has(address));
    if (free === undefined) throw new DomainError('pool-exhausted', 'allocate from pool default: range is full');
    this.owners.set(free, request.owner);
    return { ipv4: { address: free, pool: 'default' } };
  }

  adopt(owner: string, addresses: EndpointAddresses): void {
    if (addresses.ipv4 === undefined) return;
    if (this.owners.has(addresses.ipv4.address)) throw new Error(`adopt ${addresses.ipv4.address}: taken`);
    this.owners.set(addresses.ipv4.address, owner);
  }

  accept(owner: string, [address]: readonly EndpointAddress[]): EndpointAddresses {
    if (address === undefined) return {};
    if (this.owners.has(address.address)) throw new DomainError('address-unavailable', `accept ${address.address}: taken`);
    this.owners.set(address.address, owner);
    return { ipv4: address };
  }

  release(addresses: EndpointAddresses): void {
    if (addresses.ipv4 !== undefined) this.owners.delete(addresses.ipv4.address);
  }

  ownerOf({ address }: { address: string }): string | undefined {
    return this.owners.get(address);
  }
}

/** Remembers which windows are open. */
export class FakeWindow implements GraceWindow {
  readonly open_ = new Set<number>();

  open(id: number): void {
    this.open_.add(id);
  }

  close(id: number): void {
    this.open_.delete(id);
  }
}

/** A manager among fakes, over a folder of its own. */
export function createBench() {
  const folder = mkdtempSync(join(tmpdir(), 'manager-'));
  const netns = join(folder, 'netns');
  writeFileSync(netns, '');
  const datapath = new FakeDatapath();
  const addressing = new FakeAddressing();
  const window = new FakeWindow();
  const store = new RecordStore(join(folder, 'endpoints'), silent);
  const clock = { now: new Date(0), us: 0 };
  const parts = {
    store,
    datapath,
    addressing,
    window,
    log: silent,
    now: () => clock.now,
    bootTime: () => ({ bootId: bootId(), us: ++clock.us }),
  };
  const open = () => new EndpointManager(parts, adoptRecords(store, addressing, silent));
  const request = (changes: Partial<EndpointRequest> = {}): EndpointRequest => ({
    containerId: 'c1',
    ifname: 'eth0',
    netns,
    pod: { namespace: '', name: '', uid: '' },
    ...changes,
  });
  const manager = open();
  return { folder, netns, datapath, addressing, window, store, clock, manager, open, request, [Symbol.dispose]: () => removeAll(folder) };
}

/** Takes a fake attachment through its whole ADD, as the plugin does; gives the finished endpoint. */
export async function addWhole(bench: ReturnType<typeof createBench>, changes: Partial<EndpointRequest> = {}): Promise<Endpoint> {
  const claim = new FakeClaim();
  const { endpoint } = await bench.manager.create(bench.request(changes), claim);
  bench.datapath.devices.add(endpoint.hostIfname);
  await bench.manager.connect(endpoint.id, { hostIfindex: 7 }, claim);
  await bench.manager.complete(endpoint.id, claim);
  claim.close();
  return bench.manager.get(endpoint.id);
}

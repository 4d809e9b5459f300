import type { AttachmentKey, CheckReport, DeviceReport, Endpoint, EndpointPlan, EndpointRequest } from '../../conf/api/types.ts';
import { step } from '../../conf/step.ts';
import { DomainError, messageOf } from '../failure.ts';
import { fileIdentity } from '../files.ts';
import type { Logger } from '../log.ts';
import { bookProblems } from './book-problems.ts';
import { busy, type Entry, isClaimedByAnother, keyFields } from './entry.ts';
import { addressesOf, keyOf, ownerOf } from './identity.ts';
import { IdPool } from './ids.ts';
import { KeyedLock } from './locks.ts';
import { newEndpoint, validateRequest } from './plan.ts';
import type { Addressing, Claim, EndpointDatapath, GraceWindow } from './ports.ts';
import type { EndpointRecord, RecordStore } from './record.ts';

export interface ManagerParts {
  readonly store: RecordStore;
  readonly datapath: EndpointDatapath;
  readonly addressing: Addressing;
  readonly window: GraceWindow;
  readonly log: Logger;
  /** The time, for records. */
  readonly now: () => Date;
}

/**
 * The endpoints of the node, from ADD to DEL.
 *
 * All work on one attachment runs under its lock. An ADD is three requests (create, connect, complete) and a DEL two (disconnect,
 * delete); in between, the endpoint belongs to the client's connection. When that goes first, the daemon undoes the ADD or finishes the
 * DEL itself, so that a killed plugin leaves nothing behind. An address is freed only when the device that used it is gone.
 */
export class EndpointManager {
  readonly #parts: ManagerParts;
  readonly #locks = new KeyedLock();
  readonly #ids = new IdPool();
  readonly #byId = new Map<number, Entry>();
  readonly #byKey = new Map<string, Entry>();
  readonly #background = new Set<Promise<void>>();

  /** `before`: records of an earlier life whose addresses have been adopted (`adoptRecords`). */
  constructor(parts: ManagerParts, before: readonly EndpointRecord[] = []) {
    this.#parts = parts;
    for (const record of before) {
      this.#ids.claim(record.endpoint.id);
      this.#enter({ record });
    }
  }

  /** All endpoints, lowest id first. */
  list(): Endpoint[] {
    return [...this.#byId.values()].map((entry) => entry.record.endpoint).sort((a, b) => a.id - b.id);
  }

  /** Throws `not-found`. */
  get(id: number): Endpoint {
    return this.#entry(id).record.endpoint;
  }

  /** Reserves id and addresses and writes the record. Throws `exists` for a live attachment, `busy` while another client works on it. */
  async create(request: EndpointRequest, claim: Claim): Promise<EndpointPlan> {
    validateRequest(request, this.#parts.datapath.routers.ipv6 !== undefined);
    return await this.#locks.run(keyOf(request), async () => {
      await this.#makeWay(request);
      const entry = this.#reserve(request);
      this.#hold(entry, claim);
      const { endpoint } = entry.record;
      return { endpoint, routers: this.#parts.datapath.routers, attach: this.#parts.datapath.attachPaths(endpoint) };
    });
  }

  /** The device exists: remembers it, writes the maps, opens the window for the attaches. */
  async connect(id: number, report: DeviceReport, claim: Claim): Promise<void> {
    await this.#inState(id, 'creating', claim, async (entry) => {
      const device: Endpoint = { ...entry.record.endpoint, hostIfindex: report.hostIfindex };
      await this.#parts.datapath.expectDevice(device);
      const endpoint = step('connect.record', () => this.#complement(entry, device, report));
      await this.#parts.datapath.connect(endpoint);
      this.#parts.window.open(id);
    });
  }

  /** The programs are attached and the links pinned: the ADD is done. Throws `bad-request` when something is missing. */
  async complete(id: number, claim: Claim): Promise<Endpoint> {
    return await this.#inState(id, 'creating', claim, async (entry) => {
      this.#parts.window.close(id);
      const problems = await this.#parts.datapath.inspect(entry.record.endpoint);
      if (problems.length > 0) throw new DomainError('bad-request', `complete endpoint ${id}: ${problems.join('; ')}`);
      step('complete.record', () => this.#update(entry, { ...entry.record.endpoint, state: 'ready' }));
      this.#letGo(entry);
      return entry.record.endpoint;
    });
  }

  /**
   * DEL begins: the datapath forgets the endpoint, and the window opens for the end of its device, which waits for grace periods too. Undefined when there is no such attachment. A DEL is never refused: it takes the
   * endpoint from an ADD that is still under way, whose next request then fails and whose client undoes what it made.
   */
  async disconnect(key: AttachmentKey, claim: Claim): Promise<Endpoint | undefined> {
    return await this.#locks.run(keyOf(key), async () => {
      const entry = this.#byKey.get(keyOf(key));
      if (entry === undefined) return undefined;
      this.#markDisconnecting(entry);
      this.#hold(entry, claim);
      await this.#parts.datapath.disconnect(entry.record.endpoint);
      this.#parts.window.open(entry.record.endpoint.id);
      return entry.record.endpoint;
    });
  }

  /**
   * DEL ends: frees everything that is left of the endpoint. Throws `not-found`, also for one that is ready or another client's: a client that
   * outlived the daemon may hold an id that was given to another pod since.
   */
  async remove(id: number, claim: Claim): Promise<Endpoint> {
    return await this.#locks.run(keyOf(this.get(id)), async () => {
      const entry = this.#entry(id);
      const isOther = entry.record.endpoint.state === 'ready' || isClaimedByAnother(entry, claim);
      if (isOther) throw new DomainError('not-found', `find endpoint ${id}: no such endpoint is being deleted`);
      await this.#undo(entry);
      return entry.record.endpoint;
    });
  }

  /** Removes an attachment in one step, for replayed DELs; false when there is none. */
  async removeByKey(key: AttachmentKey): Promise<boolean> {
    return await this.#locks.run(keyOf(key), async () => {
      const entry = this.#byKey.get(keyOf(key));
      if (entry === undefined) return false;
      await this.#undo(entry);
      return true;
    });
  }

  /** CHECK: what is wrong with an attachment. Undefined when there is none. */
  async check(key: AttachmentKey): Promise<CheckReport | undefined> {
    return await this.#locks.run(keyOf(key), async () => {
      const entry = this.#byKey.get(keyOf(key));
      if (entry === undefined) return undefined;
      const { endpoint } = entry.record;
      const { datapath, addressing } = this.#parts;
      const problems = [
        ...bookProblems(entry.record, addressing),
        ...(await datapath.inspect(endpoint)),
        ...(await datapath.inspectNode()),
      ];
      return { endpoint, problems };
    });
  }

  /** Resolves when the work that ended connections caused is done. */
  async settled(): Promise<void> {
    await Promise.all(this.#background);
  }

  /** Refuses a second ADD of a live attachment; clears away what a dead one left. */
  async #makeWay(request: EndpointRequest): Promise<void> {
    const entry = this.#byKey.get(keyOf(request));
    if (entry === undefined) return;
    if (entry.claim?.alive === true) throw busy(request, entry);
    const { endpoint } = entry.record;
    if (endpoint.state === 'ready' && (await this.#isLive(entry.record))) {
      throw new DomainError('exists', `create endpoint for ${keyOf(request)}: attachment exists as endpoint ${endpoint.id}`, {
        details: `its network namespace ${endpoint.netns} and device ${endpoint.hostIfname} are alive; DEL it first`,
      });
    }
    this.#parts.log.info({ id: endpoint.id, state: endpoint.state, ...keyFields(endpoint) }, 'taking over a dead attachment');
    await this.#undo(entry);
  }

  /** A namespace that the daemon could not see at ADD says nothing; its end shows as that of the device. */
  async #isLive(record: EndpointRecord): Promise<boolean> {
    const isSameNetns = record.netnsIdentity === undefined || fileIdentity(record.endpoint.netns) === record.netnsIdentity;
    if (!isSameNetns) return false;
    return await this.#parts.datapath.hasDevice(record.endpoint);
  }

  #reserve(request: EndpointRequest): Entry {
    using undo = new DisposableStack();
    const id = this.#ids.take();
    undo.defer(() => this.#ids.release(id));
    const reserve = () => (request.external === true ? {} : this.#parts.addressing.allocate({ ...request, owner: ownerOf(request) }));
    const addresses = step('reserve.addresses', reserve);
    undo.defer(() => this.#parts.addressing.release(addresses));
    const endpoint = newEndpoint(request, { id, addresses, mtu: this.#parts.datapath.mtu, createdAt: this.#parts.now() });
    const netnsIdentity = fileIdentity(request.netns);
    const entry: Entry = { record: { version: 1, endpoint, ...(netnsIdentity === undefined ? {} : { netnsIdentity }) } };
    step('reserve.record', () => this.#parts.store.write(entry.record));
    this.#enter(entry);
    undo.move();
    return entry;
  }

  /** Writes the record of an endpoint whose device is there now, with the addresses that another plugin gave. */
  #complement(entry: Entry, device: Endpoint, { addresses = [], table }: DeviceReport): Endpoint {
    using undo = new DisposableStack();
    const hasOwn = addressesOf(device).length > 0;
    if (hasOwn === addresses.length > 0) {
      throw new DomainError('bad-request', `connect endpoint ${device.id}: ${hasOwn ? 'it has addresses already' : 'it has no address'}`);
    }
    const taken = this.#parts.addressing.accept(ownerOf(device), addresses);
    undo.defer(() => this.#parts.addressing.release(taken));
    const endpoint = { ...device, ...taken, ...(table === undefined ? {} : { table }) };
    this.#update(entry, endpoint);
    undo.move();
    return endpoint;
  }

  /** Removes an endpoint and all that it holds, in the reverse order of its making. When the kernel refuses, the record and the addresses stay. */
  async #undo(entry: Entry): Promise<void> {
    const { endpoint } = entry.record;
    this.#letGo(entry);
    this.#parts.window.open(endpoint.id);
    try {
      if (endpoint.state !== 'disconnecting') this.#markDisconnecting(entry);
      await this.#parts.datapath.disconnect(endpoint);
      await this.#parts.datapath.dismantle(endpoint);
    } finally {
      this.#parts.window.close(endpoint.id);
    }
    step('remove.record', () => this.#parts.store.remove(endpoint.id));
    this.#byId.delete(endpoint.id);
    this.#byKey.delete(keyOf(endpoint));
    step('remove.addresses', () => this.#parts.addressing.release(endpoint));
    this.#ids.release(endpoint.id);
  }

  /** Ties an endpoint to a client until `letGo`. */
  #hold(entry: Entry, claim: Claim): void {
    this.#letGo(entry);
    entry.claim = claim;
    entry.withdraw = claim.whenClosed(() => {
      const work = this.#onClientGone(entry, claim).finally(() => this.#background.delete(work));
      this.#background.add(work);
    });
  }

  #letGo(entry: Entry): void {
    entry.withdraw?.();
    entry.claim = undefined;
    entry.withdraw = undefined;
  }

  async #onClientGone(entry: Entry, claim: Claim): Promise<void> {
    const { endpoint } = entry.record;
    const fields = { id: endpoint.id, ...keyFields(endpoint) };
    try {
      await this.#locks.run(keyOf(endpoint), async () => {
        if (entry.claim !== claim) return;
        this.#parts.log.warn({ ...fields, state: entry.record.endpoint.state }, 'client went away half-way, removing the endpoint');
        await this.#undo(entry);
      });
    } catch (error) {
      this.#parts.log.error({ ...fields, error: messageOf(error) }, 'removing the endpoint failed; the next ADD, DEL or start tries again');
    }
  }

  async #inState<T>(id: number, state: Endpoint['state'], claim: Claim, work: (entry: Entry) => Promise<T>): Promise<T> {
    return await this.#locks.run(keyOf(this.get(id)), async () => {
      const entry = this.#entry(id);
      const { endpoint } = entry.record;
      if (isClaimedByAnother(entry, claim)) throw busy(endpoint, entry);
      if (endpoint.state !== state) throw new DomainError('busy', `change endpoint ${id}: it is ${endpoint.state}, not ${state}`);
      return await work(entry);
    });
  }

  #enter(entry: Entry): void {
    this.#byId.set(entry.record.endpoint.id, entry);
    this.#byKey.set(keyOf(entry.record.endpoint), entry);
  }

  #update(entry: Entry, endpoint: Endpoint): void {
    const record = { ...entry.record, endpoint };
    this.#parts.store.write(record);
    entry.record = record;
  }

  /**
   * A record that cannot be written, on a full disk say, is no reason to refuse a DEL: it is there to be removed. Should the daemon die before
   * that, the next start finds a ready endpoint, keeps it if its device is there, and the runtime, which was not told of success, asks again.
   */
  #markDisconnecting(entry: Entry): void {
    const endpoint: Endpoint = { ...entry.record.endpoint, state: 'disconnecting' };
    try {
      step('disconnect.record', () => this.#update(entry, endpoint));
    } catch (error) {
      entry.record = { ...entry.record, endpoint };
      this.#parts.log.warn({ id: endpoint.id, error: messageOf(error) }, 'writing the record failed; going on with the DEL');
    }
  }

  #entry(id: number): Entry {
    const entry = this.#byId.get(id);
    if (entry === undefined) throw new DomainError('not-found', `find endpoint ${id}: no such endpoint`);
    return entry;
  }
}

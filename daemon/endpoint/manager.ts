import type {
  AttachmentKey,
  BurialCounts,
  CheckReport,
  CheckRequest,
  DeviceReport,
  DisconnectRequest,
  Endpoint,
  EndpointPlan,
  EndpointRequest,
} from '../../conf/api/types.ts';
import { createdMoment, isAfter, type Moment } from '../../conf/moment.ts';
import { step } from '../../conf/step.ts';
import { DomainError } from '../domain-error.ts';
import { messageOf } from '../failure.ts';
import { fileIdentity } from '../files.ts';
import { bookProblems } from './book-problems.ts';
import { Burials } from './burial.ts';
import { busy, type Entry, isClaimedByAnother, keyFields } from './entry.ts';
import { keyOf } from './identity.ts';
import { KeyedLock } from './locks.ts';
import { Makers } from './makers.ts';
import type { ManagerParts } from './manager-parts.ts';
import { validateRequest } from './plan.ts';
import type { Claim, Door, Visitor } from './ports.ts';
import type { EndpointRecord } from './record.ts';
import { Reservations } from './reservations.ts';
import { EndpointTable } from './table.ts';

/**
 * The endpoints of the node, from ADD to DEL.
 *
 * All work on one attachment runs under its lock. An ADD is three requests (create, connect, complete); in between, the endpoint belongs to the
 * client's connection. When that goes first, the daemon undoes the ADD, so that a killed plugin leaves nothing behind. A DEL is one request; how
 * endpoints end is told in `burial.ts`.
 */
export class EndpointManager {
  readonly #parts: ManagerParts;
  readonly #locks = new KeyedLock();
  readonly #table = new EndpointTable();
  readonly #makers = new Makers(this.#locks);
  readonly #burials: Burials;
  readonly #reservations: Reservations;
  readonly #background = new Set<Promise<void>>();

  /** `before`: records of an earlier life whose addresses have been adopted (`adoptRecords`). */
  constructor(parts: ManagerParts, before: readonly EndpointRecord[] = []) {
    this.#parts = parts;
    this.#burials = new Burials(parts, this.#table);
    this.#reservations = new Reservations(parts, this.#table);
    const entries = before.map((record) => this.#table.adopt(record));
    for (const entry of entries) if (entry.record.endpoint.state === 'disconnected') this.#burials.adopt(entry);
  }

  /** All endpoints, lowest id first. */
  list(): Endpoint[] {
    return this.#table.list();
  }

  /** Throws `not-found`. */
  get(id: number): Endpoint {
    return this.#table.get(id).record.endpoint;
  }

  get burials(): BurialCounts {
    return this.#burials.counts;
  }

  /** Reserves id and addresses and writes the record. Throws `exists` for a live attachment, `busy` while another client works on it. */
  async create(request: EndpointRequest, claim: Claim): Promise<EndpointPlan> {
    validateRequest(request, this.#parts.datapath);
    const { since = performance.now() } = claim;
    this.#makers.add(keyOf(request), claim);
    return await this.#makers.alone(keyOf(request), claim, async () => {
      await this.#makeWay(request);
      const entry = await this.#burials.whenFree(() => this.#reservations.reserve(request, since));
      this.#hold(entry, claim);
      const { endpoint } = entry.record;
      return { endpoint, routers: this.#parts.datapath.routers, attach: this.#parts.datapath.attachPaths(endpoint) };
    });
  }

  /** The device exists: remembers it, writes the maps, opens the window for the attaches; those of filters wait for no grace period. */
  async connect(id: number, report: DeviceReport, claim: Claim): Promise<void> {
    await this.#inState(id, 'creating', claim, async (entry) => {
      const device: Endpoint = { ...entry.record.endpoint, hostIfindex: report.hostIfindex };
      this.#parts.datapath.expectDevice(device);
      if (this.#parts.datapath.attachPaths(device).kind !== 'clsact') this.#parts.window.open(id);
      const endpoint = await this.#burials.whenFree(() =>
        step('connect.record', () => this.#reservations.complement(entry, device, report)),
      );
      await this.#parts.datapath.connect(endpoint);
    });
  }

  /**
   * The programs are attached and the links pinned: the ADD is done. Throws `bad-request` when something is missing. Of what the daemon has attached
   * itself only the device is looked at, which may have died with its pod.
   */
  async complete(id: number, claim: Claim): Promise<Endpoint> {
    return await this.#inState(id, 'creating', claim, async (entry) => {
      const { endpoint } = entry.record;
      const inspected = this.#defects(endpoint, claim);
      this.#parts.window.close(id);
      const problems = await inspected;
      if (problems.length > 0) throw new DomainError('bad-request', `complete endpoint ${id}: ${problems.join('; ')}`);
      step('complete.record', () => this.#reservations.update(entry, { ...endpoint, state: 'ready' }));
      this.#letGo(entry);
      return entry.record.endpoint;
    });
  }

  async #defects(endpoint: Endpoint, claim: Claim): Promise<string[]> {
    const { datapath } = this.#parts;
    if (claim.isDaemon !== true) return await datapath.inspect(endpoint);
    return datapath.hasDevice(endpoint) ? [] : [`device ${endpoint.hostIfname} is gone`];
  }

  /**
   * DEL: the datapath forgets the endpoint, its device is buried, and the attachment's name is free. Undefined when there is no such attachment. A
   * DEL is never refused: it takes the endpoint from an ADD that is still under way, whose next request then fails and whose client undoes what it made.
   * An ADD that came after it is not meant (`busy`): the runtime may have had its answer by a record of the DEL, while this one waited for its turn.
   */
  async disconnect({ netns, ...key }: DisconnectRequest, visitor?: Visitor): Promise<Endpoint | undefined> {
    const doors = [visitor?.door, netns].filter((door) => door !== undefined);
    const came = visitor?.since ?? performance.now();
    return await this.#end(key, doors, visitor?.claim, (entry) => {
      if ((entry.since ?? 0) <= came) return true;
      // Not as if there were none: whoever asks would go on to delete by name.
      throw busy(key, entry);
    });
  }

  /** Ends an attachment if it is meant, and waits until the ADD from which it may have been taken makes no device any more. */
  async #end(key: AttachmentKey, doors: readonly Door[], mine: Claim | undefined, isMeant: (entry: Entry) => boolean) {
    const entry = await this.#makers.alone(keyOf(key), mine, async () => {
      const found = this.#table.find(key);
      if (found === undefined || !isMeant(found)) return undefined;
      await this.#undo(found, doors);
      return found;
    });
    await this.#makers.leave(keyOf(key), mine);
    return entry && { ...entry.record.endpoint, state: 'disconnected' as const };
  }

  /**
   * The undo of an ADD: removes an endpoint, and resolves when all of it is gone; undefined when its DEL was answered before. Throws `not-found`, also
   * for another client's, or one that is ready and has its device: a client that outlived the daemon may hold an id that was given to another pod since.
   */
  async remove(id: number, claim?: Claim): Promise<Endpoint | undefined> {
    const isBuried = this.get(id).state === 'disconnected';
    const endpoint = isBuried ? undefined : await this.#locks.run(keyOf(this.get(id)), () => this.#removeUnfinished(id, claim));
    await this.#burials.gone(id);
    return endpoint;
  }

  async #removeUnfinished(id: number, claim?: Claim): Promise<Endpoint | undefined> {
    const entry = this.#table.get(id);
    const { endpoint } = entry.record;
    // By a DEL that was under way.
    if (endpoint.state === 'disconnected') return undefined;
    const isWhole = endpoint.state === 'ready' && this.#parts.datapath.hasDevice(endpoint);
    if (isWhole || isClaimedByAnother(entry, claim))
      throw new DomainError('not-found', `find endpoint ${id}: no such endpoint is being deleted`);
    await this.#undo(entry);
    return entry.record.endpoint;
  }

  /** Removes an attachment, for replayed DELs; false when there is none, or only one that was made after the DEL. */
  async removeByKey(key: AttachmentKey, queued?: Moment): Promise<boolean> {
    const { bootId } = this.#parts.bootTime();
    const isMeant = ({ record }: Entry) => queued === undefined || !isAfter(createdMoment(record.endpoint), queued, bootId);
    return (await this.#end(key, [], undefined, isMeant)) !== undefined;
  }

  /** CHECK: what is wrong with an attachment. Undefined when there is none. */
  async check(request: CheckRequest): Promise<CheckReport | undefined> {
    return await this.#locks.run(keyOf(request), async () => {
      const entry = this.#table.find(request);
      if (entry === undefined) return undefined;
      const { endpoint } = entry.record;
      const { datapath, addressing } = this.#parts;
      const onPaper = bookProblems(entry.record, addressing, request.netnsIdentity);
      return { endpoint, problems: [...onPaper, ...(await datapath.inspect(endpoint)), ...(await datapath.inspectNode())] };
    });
  }

  /** Runs work on an endpoint that is ready, with nothing else at work on its attachment; undefined when it is not ready. */
  async whileReady<T>(id: number, work: (endpoint: Endpoint) => Promise<T>): Promise<T | undefined> {
    const found = this.#table.ready(id);
    if (found === undefined) return undefined;
    return await this.#locks.run(keyOf(found), async () => {
      const endpoint = this.#table.ready(id);
      return endpoint && (await work(endpoint));
    });
  }

  /** Deletes at once what is buried; never throws. */
  async reap(): Promise<void> {
    await this.#burials.reap();
  }

  /** Resolves when the work that ended connections caused is done and what is buried has been deleted. Nothing is tried again after that. */
  async close(): Promise<void> {
    await Promise.all(this.#background);
    await this.#burials.close();
  }

  /** Refuses a second ADD of a live attachment; clears away what a dead one left. */
  async #makeWay(request: EndpointRequest): Promise<void> {
    const entry = this.#table.find(request);
    if (entry === undefined) return;
    if (entry.claim?.alive === true) throw busy(request, entry);
    const { endpoint } = entry.record;
    if (endpoint.state === 'ready' && this.#isLive(entry.record, request.netnsIdentity)) {
      throw new DomainError('exists', `create endpoint for ${keyOf(request)}: attachment exists as endpoint ${endpoint.id}`, {
        details: `its network namespace ${endpoint.netns} and device ${endpoint.hostIfname} are alive; DEL it first`,
      });
    }
    this.#parts.log.info({ id: endpoint.id, state: endpoint.state, ...keyFields(endpoint) }, 'taking over a dead attachment');
    await this.#undo(entry);
  }

  /**
   * Its namespace is still where it was, in the daemon's view of the file system or in the plugin's; one whose identity nobody knows says nothing,
   * and its end shows as that of the device.
   */
  #isLive(record: EndpointRecord, seenByPlugin: string | undefined): boolean {
    const { endpoint, netnsIdentity } = record;
    if (netnsIdentity !== undefined && seenByPlugin !== netnsIdentity && fileIdentity(endpoint.netns) !== netnsIdentity) return false;
    return this.#parts.datapath.hasDevice(record.endpoint);
  }

  /** Takes an endpoint from whoever holds it, and ends it. The holder is in the way until it has taken back what it made. */
  async #undo(entry: Entry, doors: readonly Door[] = []): Promise<void> {
    entry.claim?.leave();
    this.#letGo(entry);
    await this.#burials.bury(entry, doors);
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
      const entry = this.#table.get(id);
      const { endpoint } = entry.record;
      if (isClaimedByAnother(entry, claim)) throw busy(endpoint, entry);
      if (endpoint.state !== state) throw new DomainError('busy', `change endpoint ${id}: it is ${endpoint.state}, not ${state}`);
      return await work(entry);
    });
  }
}

import type { DeviceReport, Endpoint, EndpointRequest } from '../../conf/api/types.ts';
import { step } from '../../conf/step.ts';
import { DomainError } from '../domain-error.ts';
import { fileIdentity } from '../files.ts';
import type { Entry } from './entry.ts';
import { addressesOf, ownerOf } from './identity.ts';
import type { ManagerParts } from './manager-parts.ts';
import { newEndpoint } from './plan.ts';
import type { EndpointTable } from './table.ts';

type ReservationParts = Pick<ManagerParts, 'store' | 'datapath' | 'addressing' | 'now' | 'bootTime'>;

/** What an ADD takes before its device exists, and what it learns with it: id, addresses and the record that says so. */
export class Reservations {
  readonly #parts: ReservationParts;
  readonly #table: EndpointTable;

  constructor(parts: ReservationParts, table: EndpointTable) {
    this.#parts = parts;
    this.#table = table;
  }

  /** Reserves id and addresses and writes the record. Gives all of it back when one fails. */
  reserve(request: EndpointRequest, since: number): Entry {
    using undo = new DisposableStack();
    const id = this.#table.takeId();
    undo.defer(() => this.#table.releaseId(id));
    const reserve = () => (request.external === true ? {} : this.#parts.addressing.allocate({ ...request, owner: ownerOf(request) }));
    const addresses = step('reserve.addresses', reserve);
    undo.defer(() => this.#parts.addressing.release(addresses));
    const { mtu, device } = this.#parts.datapath;
    const { now, bootTime } = this.#parts;
    const times = { createdAt: now(), createdOn: bootTime() };
    const endpoint = newEndpoint(request, { id, addresses, mtu, deviceMode: device.mode, ...times });
    const netnsIdentity = request.netnsIdentity ?? fileIdentity(request.netns);
    const entry: Entry = { record: { version: 1, endpoint, ...(netnsIdentity === undefined ? {} : { netnsIdentity }) }, since };
    step('reserve.record', () => this.#parts.store.write(entry.record));
    this.#table.enter(entry);
    undo.move();
    return entry;
  }

  /** Writes the record of an endpoint whose device is there now, with the addresses that another plugin gave. */
  complement(entry: Entry, device: Endpoint, { addresses = [], table }: DeviceReport): Endpoint {
    using undo = new DisposableStack();
    const hasOwn = addressesOf(device).length > 0;
    if (hasOwn === addresses.length > 0) {
      throw new DomainError('bad-request', `connect endpoint ${device.id}: ${hasOwn ? 'it has addresses already' : 'it has no address'}`);
    }
    const taken = this.#parts.addressing.accept(ownerOf(device), addresses);
    undo.defer(() => this.#parts.addressing.release(taken));
    const endpoint = { ...device, ...taken, ...(table === undefined ? {} : { table }) };
    this.update(entry, endpoint);
    undo.move();
    return endpoint;
  }

  update(entry: Entry, endpoint: Endpoint): void {
    const record = { ...entry.record, endpoint };
    this.#parts.store.write(record);
    entry.record = record;
  }
}

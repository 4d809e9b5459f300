import type { AttachmentKey, Endpoint } from '../../conf/api/types.ts';
import { DomainError } from '../domain-error.ts';
import type { Entry } from './entry.ts';
import { keyOf } from './identity.ts';
import { IdPool } from './ids.ts';
import type { EndpointRecord } from './record.ts';

/**
 * The endpoints in memory. Each has its id for as long as anything of it is there; the attachment's name belongs to at most one of them, and a
 * buried one has given it away.
 */
export class EndpointTable {
  readonly #ids = new IdPool();
  readonly #byId = new Map<number, Entry>();
  readonly #byKey = new Map<string, Entry>();

  /** The next free id; `release` gives one back that got no entry. */
  takeId(): number {
    return this.#ids.take();
  }

  releaseId(id: number): void {
    this.#ids.release(id);
  }

  enter(entry: Entry): void {
    const { endpoint } = entry.record;
    this.#byId.set(endpoint.id, entry);
    if (endpoint.state !== 'disconnected') this.#byKey.set(keyOf(endpoint), entry);
  }

  /** Enters a record of an earlier life, whose id nobody has yet. */
  adopt(record: EndpointRecord): Entry {
    const entry: Entry = { record };
    this.#ids.claim(record.endpoint.id);
    this.enter(entry);
    return entry;
  }

  /** Frees the attachment's name; the endpoint keeps its id. */
  freeName({ record: { endpoint } }: Entry): void {
    this.#byKey.delete(keyOf(endpoint));
  }

  /** Forgets an endpoint of which nothing is left. The name may be another's by now. */
  remove(entry: Entry): void {
    const { endpoint } = entry.record;
    if (this.#byKey.get(keyOf(endpoint)) === entry) this.freeName(entry);
    this.#byId.delete(endpoint.id);
    this.#ids.release(endpoint.id);
  }

  /** The endpoint that has an attachment's name. */
  find(key: AttachmentKey): Entry | undefined {
    return this.#byKey.get(keyOf(key));
  }

  /** Throws `not-found`. */
  get(id: number): Entry {
    const entry = this.#byId.get(id);
    if (entry === undefined) throw new DomainError('not-found', `find endpoint ${id}: no such endpoint`);
    return entry;
  }

  /** The endpoint with this id while it is ready. */
  ready(id: number): Endpoint | undefined {
    const endpoint = this.#byId.get(id)?.record.endpoint;
    return endpoint?.state === 'ready' ? endpoint : undefined;
  }

  /** False once the endpoint was removed. */
  holds(entry: Entry): boolean {
    return this.#byId.get(entry.record.endpoint.id) === entry;
  }

  /** All endpoints, lowest id first. */
  list(): Endpoint[] {
    return [...this.#byId.values()].map((entry) => entry.record.endpoint).sort((a, b) => a.id - b.id);
  }
}

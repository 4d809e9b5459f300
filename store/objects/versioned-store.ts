import { isDeepStrictEqual } from 'node:util';
import { alreadyExists, conflict, invalid, notFound, StoreError } from '../errors.ts';
import { deepFreeze, type KubeObject, type ObjectRef, type Resource } from '../object.ts';
import type { DeleteOptions, ListOptions, ObjectList, Patch, Store, WatchEvent, WatchOptions, WriteOptions } from '../store.ts';
import { atRevision, eventOf } from './event.ts';
import type { Entry, Log } from './log.ts';
import { created, deleting, statusUpdated, updated, type Validate } from './metadata.ts';
import { readPage } from './page.ts';
import { patched } from './patch.ts';
import { matcherOf, prefixOf, storageKey } from './selection.ts';

/** So often is a name generated anew when it is taken, as in Kubernetes. */
const NAME_TRIES = 8;

/** What an API server does over etcd, over any log of revisions: metadata, selectors, compare-and-swap, patches, finalizers. */
export class VersionedStore implements Store {
  readonly #log: Log;
  readonly #validate: Validate;

  constructor(log: Log, validate: Validate = () => []) {
    this.#log = log;
    this.#validate = validate;
  }

  async get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, { signal }: { readonly signal?: AbortSignal } = {}): Promise<T> {
    return (await this.#current(resource, ref, signal)).object as T;
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const { limit, continue: token, signal } = options;
    const prefix = prefixOf(resource, options.namespace);
    return (await readPage(this.#log, prefix, matcherOf(resource, options), { limit, continue: token, signal })) as ObjectList<T>;
  }

  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions = {}): AsyncGenerator<WatchEvent<T>> {
    const { timeoutSeconds, signal } = options;
    const [prefix, matches] = [prefixOf(resource, options.namespace), matcherOf(resource, options)];
    let after = Number(options.resourceVersion ?? 0);
    if (!Number.isSafeInteger(after))
      throw new StoreError('BadRequest', `watch ${resource.plural}: resourceVersion '${options.resourceVersion}'`);
    if (after === 0) {
      const { entries, revision } = await this.#log.range(prefix, signal ? { signal } : {});
      for (const { object } of entries) if (matches(object)) yield { type: 'ADDED', object: object as T };
      after = revision;
    }
    const ends = { ...(timeoutSeconds !== undefined && { timeoutMs: timeoutSeconds * 1000 }), ...(signal && { signal }) };
    for await (const change of this.#log.follow(prefix, after, ends)) {
      const event = eventOf(change, matches);
      if (event !== undefined) yield event as WatchEvent<T>;
    }
  }

  async create<T extends KubeObject>(resource: Resource<T>, draft: T, { signal }: { readonly signal?: AbortSignal } = {}): Promise<T> {
    const tries = draft.metadata?.name === undefined ? NAME_TRIES : 1;
    for (let left = tries; ; left -= 1) {
      const object = created(resource, draft);
      this.#check(resource, object);
      const { name = '', namespace } = object.metadata;
      const key = storageKey(resource, { name, ...(namespace !== undefined && { namespace }) });
      const committed = await this.#log.commit(key, 0, object, signal);
      if (committed !== undefined) return committed.object as T;
      if (left <= 1) throw alreadyExists(resource, name);
    }
  }

  async update<T extends KubeObject>(resource: Resource<T>, object: T, { subresource, signal }: WriteOptions = {}): Promise<T> {
    const { name = '', namespace, resourceVersion } = object.metadata;
    const current = await this.#current(resource, { name, ...(namespace !== undefined && { namespace }) }, signal);
    if (!resourceVersion) {
      throw invalid(resource, name, [
        { reason: 'FieldValueInvalid', field: 'metadata.resourceVersion', message: 'must be specified for an update' },
      ]);
    }
    const written = await this.#replace(resource, current, object, subresource, signal);
    if (written === undefined)
      throw conflict(resource, name, 'the object has been modified; apply your changes to the latest version and try again');
    return written as T;
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: Patch,
    { subresource, signal }: WriteOptions = {},
  ): Promise<T> {
    for (;;) {
      signal?.throwIfAborted();
      const current = await this.#current(resource, ref, signal);
      const wanted = patched(resource, current.object, patch);
      const written = await this.#replace(resource, current, wanted, subresource, signal);
      if (written !== undefined) return written as T;
    }
  }

  async delete<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    { preconditions = {}, signal }: DeleteOptions = {},
  ): Promise<T | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      const { key, object, revision } = await this.#current(resource, ref, signal);
      for (const field of ['uid', 'resourceVersion'] as const) {
        const [wanted, found] = [preconditions[field], object.metadata[field]];
        if (wanted !== undefined && wanted !== found)
          throw conflict(resource, ref.name, `precondition failed: its ${field} is ${found}, not ${wanted}`);
      }
      const isHeld = (object.metadata.finalizers ?? []).length > 0;
      if (isHeld && object.metadata.deletionTimestamp !== undefined) return object as T;
      const committed = await this.#log.commit(key, revision, isHeld ? deleting(object) : undefined, signal);
      if (committed !== undefined) return committed.object as T | undefined;
    }
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  async #current(resource: Resource, ref: ObjectRef, signal: AbortSignal | undefined): Promise<Entry> {
    const entry = await this.#log.read(storageKey(resource, ref), signal);
    if (entry === undefined) throw notFound(resource, ref.name);
    return entry;
  }

  /** A change that changes nothing is not written. The last finalizer that goes takes a deleted object with it. */
  async #replace(
    resource: Resource,
    current: Entry,
    wanted: KubeObject,
    subresource: 'status' | undefined,
    signal: AbortSignal | undefined,
  ): Promise<KubeObject | undefined> {
    const next = (subresource === 'status' ? statusUpdated : updated)(resource, current.object, wanted);
    this.#check(resource, next, current.object);
    const unversioned = { ...next, metadata: { ...next.metadata, resourceVersion: current.object.metadata.resourceVersion } };
    if (isDeepStrictEqual(unversioned, current.object)) return current.object;
    const isDone = next.metadata.deletionTimestamp !== undefined && (next.metadata.finalizers ?? []).length === 0;
    const committed = await this.#log.commit(current.key, current.revision, isDone ? undefined : next, signal);
    return committed && (committed.object ?? deepFreeze(atRevision(next, committed.revision)));
  }

  #check(resource: Resource, object: KubeObject, before?: KubeObject): void {
    const causes = this.#validate(resource, object, before);
    if (causes.length > 0) throw invalid(resource, object.metadata.name ?? '', causes);
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { hasReason, isTooOld } from '../errors.ts';
import { deepFreeze, type KubeObject, keyOf, type Resource } from '../object.ts';
import type { Selection, Store, WatchEvent } from '../store.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import { Cache, type CacheEvent, type IndexBy } from './cache.ts';

export interface InformerOptions<T> extends Selection {
  readonly indexers?: Readonly<Record<string, IndexBy<T>>>;
  /** what is kept of an object; by default all but managedFields */
  readonly transform?: (object: T) => T;
  readonly backoff?: BackoffOptions;
}

export interface InformerStatus {
  readonly kind: string;
  readonly objects: number;
  /** the first list is complete */
  readonly isSynced: boolean;
  /** since when the cache may lack changes, in seconds; 0 while a watch runs */
  readonly staleSeconds: number;
  readonly lists: number;
  readonly lastError: string | undefined;
}

/** Objects of one page of a list. */
const PAGE = 500;
/** A watch that ends sooner, without an event, counts as failed. */
const SHORT_MS = 1000;

/**
 * A copy of the objects of a kind, kept by one list and one watch through outages of any length: what changes is reported once, in order; what was deleted
 * during an outage is reported as deleted in its last known state.
 */
export class Informer<T extends KubeObject> {
  readonly #store: Store;
  readonly #resource: Resource<T>;
  readonly #options: InformerOptions<T>;
  readonly #cache: Cache<T>;
  readonly #backoff: Backoff;
  readonly #handlers = new Set<(event: CacheEvent<T>) => void>();
  readonly #closing = new AbortController();
  readonly #synced: Promise<void>;
  #markSynced: () => void = () => undefined;
  #isSynced = false;
  #running: Promise<void> | undefined;
  #resourceVersion: string | undefined;
  #staleSince: number | undefined = performance.now();
  #lists = 0;
  #lastError: string | undefined;

  constructor(store: Store, resource: Resource<T>, options: InformerOptions<T> = {}) {
    this.#store = store;
    this.#resource = resource;
    this.#options = options;
    this.#cache = new Cache(options.indexers ?? {});
    this.#backoff = new Backoff(options.backoff);
    this.#synced = new Promise((resolve) => {
      this.#markSynced = resolve;
    });
  }

  /** Begins to read; once. */
  start(): this {
    this.#running ??= this.#run();
    return this;
  }

  /** Returns when the first list is complete: until then an object that is not in the cache may exist. */
  whenSynced(): Promise<void> {
    return this.#synced;
  }

  get status(): InformerStatus {
    const stale = this.#staleSince === undefined ? 0 : (performance.now() - this.#staleSince) / 1000;
    return {
      kind: this.#resource.kind,
      objects: this.#cache.size,
      isSynced: this.#isSynced,
      staleSeconds: stale,
      lists: this.#lists,
      lastError: this.#lastError,
    };
  }

  /** @param key `NAMESPACE/NAME`, or `NAME` in a kind without namespaces */
  get(key: string): T | undefined {
    return this.#cache.get(key);
  }

  list(): readonly T[] {
    return [...this.#cache.values()];
  }

  by(index: string, value: string): readonly T[] {
    return this.#cache.by(index, value);
  }

  /** Calls `handler` with an `add` for each object that is there, and with each event from then on. Gives what ends that. */
  subscribe(handler: (event: CacheEvent<T>) => void): () => void {
    for (const object of this.list()) handler({ type: 'add', object });
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        this.#resourceVersion ??= await this.#relist(signal);
        if (await this.#follow(this.#resourceVersion, signal)) continue;
        await this.#pause(0);
      } catch (error) {
        if (signal.aborted) return;
        this.#fail(error);
        const retryAfter = hasReason(error, 'TooManyRequests', 'ServiceUnavailable', 'ServerTimeout', 'Timeout')
          ? error.retryAfterSeconds
          : 0;
        await this.#pause((retryAfter ?? 0) * 1000);
      }
    }
  }

  #fail(error: unknown): void {
    this.#lastError = error instanceof Error ? error.message : String(error);
    this.#staleSince ??= performance.now();
    if (isTooOld(error)) this.#resourceVersion = undefined;
  }

  async #pause(leastMs: number): Promise<void> {
    await delay(this.#backoff.next(leastMs), undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  /** Makes the cache equal to the list. Gives its resourceVersion. */
  async #relist(signal: AbortSignal): Promise<string> {
    this.#lists += 1;
    const gone = new Set(this.#cache.keys());
    let token: string | undefined;
    for (;;) {
      const page = await this.#store.list(this.#resource, {
        ...this.#selection,
        limit: PAGE,
        signal,
        ...(token !== undefined && { continue: token }),
      });
      for (const item of page.items) {
        gone.delete(keyOf(item));
        this.#publish(this.#cache.put(this.#kept(item)));
      }
      token = page.continue;
      if (token !== undefined) continue;
      for (const key of gone) this.#publish(this.#cache.remove(key));
      this.#markFresh();
      this.#isSynced = true;
      this.#markSynced();
      return page.resourceVersion;
    }
  }

  get #selection(): Selection {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return {
      ...(namespace !== undefined && { namespace }),
      ...(labelSelector !== undefined && { labelSelector }),
      ...(fieldSelector !== undefined && { fieldSelector }),
    };
  }

  /** Gives false when the watch ended in order but too soon to have been of use. */
  async #follow(resourceVersion: string, signal: AbortSignal): Promise<boolean> {
    const began = performance.now();
    let events = 0;
    const calm = setTimeout(() => this.#markFresh(), SHORT_MS);
    try {
      for await (const event of this.#store.watch(this.#resource, { ...this.#selection, resourceVersion, signal })) {
        events += 1;
        this.#markFresh();
        this.#take(event);
      }
    } finally {
      clearTimeout(calm);
    }
    return events > 0 || performance.now() - began > SHORT_MS;
  }

  /** A list is complete, a watch gave an event, or it has not failed for a while. */
  #markFresh(): void {
    this.#staleSince = undefined;
  }

  #take(event: WatchEvent<T>): void {
    if (event.type === 'BOOKMARK') {
      this.#resourceVersion = event.resourceVersion;
      return;
    }
    const object = this.#kept(event.object);
    this.#publish(event.type === 'DELETED' ? this.#cache.remove(keyOf(object), object) : this.#cache.put(object));
    this.#resourceVersion = object.metadata.resourceVersion;
  }

  #kept(object: T): T {
    return deepFreeze((this.#options.transform ?? withoutManagedFields)(object));
  }

  /** A handler that throws is a fault of its own: it must not end the watch of all others. */
  #publish(events: readonly CacheEvent<T>[]): void {
    for (const event of events) {
      for (const handler of this.#handlers) {
        try {
          handler(event);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    }
  }
}

/** They are half of many objects, and nothing here reads them. */
function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (!('managedFields' in object.metadata)) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

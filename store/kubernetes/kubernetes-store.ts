import { randomInt } from 'node:crypto';
import { invalid, StoreError } from '../errors.ts';
import { apiVersionOf, deepFreeze, type KubeObject, type ObjectRef, type Resource } from '../object.ts';
import type { DeleteOptions, ListOptions, ObjectList, Patch, Store, WatchEvent, WatchOptions, WriteOptions } from '../store.ts';
import { type Call, Client } from './client.ts';
import type { Login } from './kubeconfig.ts';
import { linesOf } from './lines.ts';
import { errorOfStatus } from './status-error.ts';

/** Objects of one request of a list. */
const PAGE = 500;
/** As client-go: watches of 5 to 10 minutes, so that not all of a cluster's begin anew at once. */
const WATCH_SECONDS = [300, 600] as const;

interface RawList {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string; readonly remainingItemCount?: number };
  readonly items?: readonly KubeObject[] | null;
}

interface RawEvent {
  readonly type?: string;
  readonly object?: KubeObject;
}

/** The objects behind a Kubernetes API server. */
export class KubernetesStore implements Store {
  readonly #client: Client;

  constructor(login: Login) {
    this.#client = new Client(login);
  }

  async get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, { signal }: { readonly signal?: AbortSignal } = {}): Promise<T> {
    return this.#object({ method: 'GET', path: pathOf(resource, ref.namespace, ref.name), ...(signal && { signal }) });
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    if (options.limit !== undefined) return this.#page(resource, options, options.limit);
    const items: T[] = [];
    for (let token = options.continue; ; ) {
      const page: ObjectList<T> = await this.#page(resource, { ...options, ...(token !== undefined && { continue: token }) }, PAGE);
      for (const item of page.items) items.push(item);
      token = page.continue;
      if (token === undefined) return { items, resourceVersion: page.resourceVersion };
    }
  }

  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions = {}): AsyncGenerator<WatchEvent<T>> {
    const { signal } = options;
    try {
      let { resourceVersion } = options;
      if (signal?.aborted) return;
      if (resourceVersion === undefined) {
        // A watch could begin with what exists by itself, but over etcd before 3.4.25 no server offers that together with bookmarks.
        const { namespace, labelSelector, fieldSelector } = options;
        const list = await this.list(resource, definedOf({ namespace, labelSelector, fieldSelector, signal }));
        for (const object of list.items) yield { type: 'ADDED', object };
        ({ resourceVersion } = list);
      }
      yield* this.#follow(resource, options, resourceVersion);
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof StoreError) throw error;
      throw new StoreError('ServiceUnavailable', `watch ${resource.plural}: ${(error as Error).message}`, { cause: error });
    }
  }

  async *#follow<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    resourceVersion: string,
  ): AsyncGenerator<WatchEvent<T>> {
    const { signal, timeoutSeconds = randomInt(...WATCH_SECONDS) } = options;
    const path = pathOf(resource, options.namespace);
    const query = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion, timeoutSeconds, ...selectors(options) };
    const { body } = await this.#client.open({ method: 'GET', path, query, ...(signal && { signal }) });
    for await (const line of linesOf(body)) yield eventOf<T>(path, line);
  }

  async create<T extends KubeObject>(resource: Resource<T>, draft: T, { signal }: { readonly signal?: AbortSignal } = {}): Promise<T> {
    return this.#object({ method: 'POST', path: pathOf(resource, draft.metadata?.namespace), body: draft, ...(signal && { signal }) });
  }

  async update<T extends KubeObject>(resource: Resource<T>, object: T, { subresource, signal }: WriteOptions = {}): Promise<T> {
    const { name = '', namespace, resourceVersion } = object.metadata;
    if (!resourceVersion) {
      throw invalid(resource, name, [
        { reason: 'FieldValueInvalid', field: 'metadata.resourceVersion', message: 'must be specified for an update' },
      ]);
    }
    return this.#object({ method: 'PUT', path: pathOf(resource, namespace, name, subresource), body: object, ...(signal && { signal }) });
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: Patch,
    { subresource, signal }: WriteOptions = {},
  ): Promise<T> {
    const contentType = `application/${patch.type}-patch+json`;
    const path = pathOf(resource, ref.namespace, ref.name, subresource);
    return this.#object({ method: 'PATCH', path, body: patch.body, contentType, ...(signal && { signal }) });
  }

  async delete<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    { signal, ...options }: DeleteOptions = {},
  ): Promise<T | undefined> {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...options };
    const path = pathOf(resource, ref.namespace, ref.name);
    const object = await this.#object<T>({ method: 'DELETE', path, body, ...(signal && { signal }) });
    return object.metadata?.deletionTimestamp === undefined ? undefined : object;
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  async #object<T>(call: Call): Promise<T> {
    return deepFreeze((await this.#client.call(call)) as T);
  }

  async #page<T extends KubeObject>(resource: Resource<T>, options: ListOptions, limit: number): Promise<ObjectList<T>> {
    const { continue: token, signal } = options;
    const path = pathOf(resource, options.namespace);
    const query = { limit, continue: token, ...selectors(options) };
    const { metadata = {}, items } = (await this.#client.call({ method: 'GET', path, query, ...(signal && { signal }) })) as RawList;
    // those of built-in kinds come without
    const typed = (items ?? []).map((item) =>
      deepFreeze({ ...item, apiVersion: apiVersionOf(resource), kind: resource.kind }),
    ) as unknown as T[];
    return {
      items: typed,
      resourceVersion: metadata.resourceVersion ?? '',
      ...(metadata.continue && { continue: metadata.continue }),
      ...(metadata.remainingItemCount !== undefined && { remainingItemCount: metadata.remainingItemCount }),
    };
  }
}

/** Without the fields that are undefined. */
function definedOf<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function selectors({ labelSelector, fieldSelector }: ListOptions): Record<string, string | undefined> {
  return { labelSelector, fieldSelector };
}

function pathOf({ group, version, plural, namespaced }: Resource, namespace?: string, name?: string, subresource?: string): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const parts = [
    ...(namespaced && namespace ? ['namespaces', namespace] : []),
    plural,
    ...(name ? [name] : []),
    ...(subresource ? [subresource] : []),
  ];
  return `${root}/${parts.map(encodeURIComponent).join('/')}`;
}

function eventOf<T extends KubeObject>(path: string, line: string): WatchEvent<T> {
  const { type, object } = parseEvent(path, line);
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: deepFreeze(object) as T };
    case 'BOOKMARK':
      return { type, resourceVersion: object.metadata.resourceVersion ?? '' };
    case 'ERROR':
      throw errorOfStatus(`watch ${path}`, object);
    default:
      throw new StoreError('InternalError', `watch ${path}: unknown event type '${type}'`);
  }
}

function parseEvent(path: string, line: string): RawEvent & { readonly object: KubeObject } {
  try {
    const event = JSON.parse(line) as RawEvent;
    if (typeof event?.object === 'object' && event.object !== null) return { ...event, object: event.object };
  } catch {
    // the answer below is for this, too
  }
  throw new StoreError('InternalError', `watch ${path}: invalid event ${line.slice(0, 80)}`);
}

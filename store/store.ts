import type { KubeObject, ObjectRef, Resource } from './object.ts';

/** Which objects: all of a kind without these. Selectors are Kubernetes' strings, such as `app=web,tier in (a,b),!old` and `spec.nodeName=n1`. */
export interface Selection {
  /** of a namespaced kind; all namespaces without it */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ListOptions extends Selection {
  /** at most so many objects; more than that are reached by `continue` */
  readonly limit?: number;
  /** of the page before. All pages show the state of the first one. */
  readonly continue?: string;
  readonly signal?: AbortSignal;
}

export interface ObjectList<T> {
  readonly items: readonly T[];
  /** where a watch continues this list without a gap */
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface WatchOptions extends Selection {
  /** of a list, an event or a bookmark: the watch begins right after it. Without one it begins with ADDED for each object that exists. */
  readonly resourceVersion?: string;
  /** after this time the watch ends in order, in seconds. Without it the backend chooses. */
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

/** DELETED carries the last state, with the resourceVersion of the deletion. BOOKMARK says from where to resume and nothing else. */
export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export interface WriteOptions {
  /** write status and nothing else; of kinds with `hasStatus` */
  readonly subresource?: 'status';
  readonly signal?: AbortSignal;
}

export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** RFC 7386 (null deletes, arrays are replaced; a resourceVersion in it makes it conditional) or RFC 6902. */
export type Patch =
  | { readonly type: 'merge'; readonly body: object }
  | { readonly type: 'json'; readonly body: readonly JsonPatchOperation[] };

export interface DeleteOptions {
  /** Conflict unless the object is this one, or in this version */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  readonly signal?: AbortSignal;
}

/** What a caller gives to create: the store adds uid, resourceVersion and so on. */
export type Draft<T extends KubeObject> = T;

/**
 * Objects of Kubernetes' shape, wherever they live. Every method rejects with StoreError (errors.ts). A write that fails with Timeout or
 * ServiceUnavailable may have happened.
 */
export interface Store {
  get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options?: { readonly signal?: AbortSignal }): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /**
   * Events in the order of the changes, none twice, none left out. It ends in order when the backend ends it, its time is over or `signal` aborts: resume
   * from the last resourceVersion. It throws Expired when that is too old: list again.
   */
  watch<T extends KubeObject>(resource: Resource<T>, options?: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(resource: Resource<T>, object: Draft<T>, options?: { readonly signal?: AbortSignal }): Promise<T>;
  /** Replaces an object. Conflict when its metadata.resourceVersion is not the current one; Invalid without one. */
  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, patch: Patch, options?: WriteOptions): Promise<T>;
  /** Gives the object when its finalizers keep it, with a deletionTimestamp; undefined when it is gone. */
  delete<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options?: DeleteOptions): Promise<T | undefined>;
  /** Ends its watches in order. */
  close(): Promise<void>;
}

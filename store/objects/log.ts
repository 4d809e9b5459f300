import type { KubeObject } from '../object.ts';

/** An object in one of its versions; its metadata.resourceVersion is `revision`. */
export interface Entry {
  readonly key: string;
  readonly object: KubeObject;
  readonly revision: number;
}

/** One write. `object` is missing after a deletion, `previous` before a creation. */
export interface Change {
  readonly key: string;
  readonly revision: number;
  readonly object?: KubeObject;
  readonly previous?: KubeObject;
}

/** A write that was made; `object` is missing after a deletion. */
export interface Committed {
  readonly revision: number;
  readonly object?: KubeObject;
}

/** All changes up to `progress` have been given. */
export interface Progress {
  readonly progress: number;
}

export interface Range {
  /** keys greater than this one */
  readonly after?: string;
  readonly limit?: number;
  /** as of then; the newest state without it */
  readonly revision?: number;
  readonly signal?: AbortSignal;
}

export interface RangeResult {
  /** in the order of their keys */
  readonly entries: readonly Entry[];
  /** as of which the result is */
  readonly revision: number;
  /** entries behind the limit */
  readonly remaining: number;
}

export interface FollowOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Keys and objects under one counter of revisions: what the embedded store and etcd have in common. A revision below the oldest one kept, and one that is yet
 * to come, give a StoreError Expired.
 */
export interface Log {
  read(key: string, signal?: AbortSignal): Promise<Entry | undefined>;
  /** the entries whose keys begin with `prefix` */
  range(prefix: string, range: Range): Promise<RangeResult>;
  /** Writes if the key's revision is `expected` (0: there is none); undefined when it is not. Without an object: deletes. */
  commit(key: string, expected: number, object: KubeObject | undefined, signal?: AbortSignal): Promise<Committed | undefined>;
  /** The changes after a revision, in order. */
  follow(prefix: string, after: number, options: FollowOptions): AsyncIterable<Change | Progress>;
  close(): Promise<void>;
}

import { type KubeObject, keyOf } from '../object.ts';

/** What happened to an object as the cache knew it. */
export type CacheEvent<T> =
  | { readonly type: 'add'; readonly object: T }
  | { readonly type: 'update'; readonly object: T; readonly previous: T }
  | { readonly type: 'delete'; readonly object: T };

/** Gives the values under which an index holds an object. */
export type IndexBy<T> = (object: T) => readonly string[];

/** The objects of a kind by key and by index. */
export class Cache<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexers: Readonly<Record<string, IndexBy<T>>>;
  readonly #indexes = new Map<string, Map<string, Set<string>>>();

  constructor(indexers: Readonly<Record<string, IndexBy<T>>>) {
    this.#indexers = indexers;
    for (const name of Object.keys(indexers)) this.#indexes.set(name, new Map());
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  /** The objects that an index holds under a value. Throws when there is no such index. */
  by(index: string, value: string): readonly T[] {
    const keys = this.#index(index).get(value);
    return [...(keys ?? [])].map((key) => this.#objects.get(key)).filter((object) => object !== undefined);
  }

  /** What putting the object means: nothing when it is there in this version, a deletion and an addition when another one of its name is. */
  put(object: T): readonly CacheEvent<T>[] {
    const key = keyOf(object);
    const previous = this.#objects.get(key);
    if (previous?.metadata.resourceVersion === object.metadata.resourceVersion && previous !== undefined) return [];
    const isOther = previous !== undefined && previous.metadata.uid !== object.metadata.uid;
    if (previous !== undefined) this.#unindex(key, previous);
    this.#objects.set(key, object);
    for (const [name, indexBy] of Object.entries(this.#indexers)) {
      for (const value of indexBy(object)) this.#keysOf(name, value).add(key);
    }
    if (previous === undefined) return [{ type: 'add', object }];
    if (!isOther) return [{ type: 'update', object, previous }];
    return [
      { type: 'delete', object: previous },
      { type: 'add', object },
    ];
  }

  /** `last` is the last state where it is known; else that of the cache stands for it. */
  remove(key: string, last?: T): readonly CacheEvent<T>[] {
    const previous = this.#objects.get(key);
    if (previous === undefined) return [];
    this.#unindex(key, previous);
    this.#objects.delete(key);
    return [{ type: 'delete', object: last ?? previous }];
  }

  #index(name: string): Map<string, Set<string>> {
    const index = this.#indexes.get(name);
    if (index === undefined)
      throw new Error(`look into the index '${name}': there is none (known: ${[...this.#indexes.keys()].join(', ')})`);
    return index;
  }

  #keysOf(name: string, value: string): Set<string> {
    const index = this.#index(name);
    const keys = index.get(value) ?? new Set();
    index.set(value, keys);
    return keys;
  }

  #unindex(key: string, object: T): void {
    for (const [name, indexBy] of Object.entries(this.#indexers)) {
      for (const value of indexBy(object)) {
        const keys = this.#keysOf(name, value);
        keys.delete(key);
        if (keys.size === 0) this.#index(name).delete(value);
      }
    }
  }
}

import { BpfError } from '../errors.ts';
import type { Fd } from '../fd.ts';
import { UpdateFlags } from './constants.ts';
import { mapInfo } from './info.ts';
import type { Layout } from './layout.ts';
import { isPerCpu, mapDelete, mapEntries, mapGet, mapSet, perCpuStride } from './raw-map.ts';

export interface BpfMapOptions {
  /** Checked against the map when given. */
  readonly perCpu?: boolean;
}

/**
 * A map with typed keys and values. Does not own the descriptor. The calls are plain bpf(2) system calls of some microseconds, so they are
 * synchronous. A per-CPU map is read with the `All` methods, which deliver one value per possible processor.
 */
export class BpfMap<K, V> {
  readonly name: string;
  readonly maxEntries: number;
  readonly perCpu: boolean;
  readonly #fd: Fd;
  readonly #key: Layout<K>;
  readonly #value: Layout<V>;

  /** Throws BpfError when the layouts' sizes are not the map's, SyscallError when `fd` is no map. */
  constructor(fd: Fd, key: Layout<K>, value: Layout<V>, options: BpfMapOptions = {}) {
    const info = mapInfo(fd);
    this.name = info.name;
    this.maxEntries = info.maxEntries;
    this.perCpu = isPerCpu(fd);
    this.#fd = fd;
    this.#key = key;
    this.#value = value;
    this.#mustAgree('key', info.keySize, key);
    this.#mustAgree('value', info.valueSize, value);
    if (options.perCpu !== undefined && options.perCpu !== this.perCpu) {
      throw new BpfError(`use map ${this.name}: it is ${this.perCpu ? '' : 'not '}per CPU`);
    }
  }

  #mustAgree(what: string, size: number, layout: Layout<unknown>): void {
    if (size === layout.size) return;
    throw new BpfError(`use map ${this.name}: its ${what} has ${size} bytes, ${layout.name ?? 'the layout'} has ${layout.size}`);
  }

  #single(raw: Uint8Array): V {
    if (this.perCpu) throw new BpfError(`read map ${this.name}: it is per CPU, read all values`);
    return this.#value.decode(raw);
  }

  #all(raw: Uint8Array): V[] {
    const { size } = this.#value;
    const stride = this.perCpu ? perCpuStride(size) : size;
    return Array.from({ length: raw.length / stride }, (_, cpu) => this.#value.decode(raw.subarray(cpu * stride, cpu * stride + size)));
  }

  /** The value, or undefined when there is no such key. */
  get(key: K): V | undefined {
    const raw = mapGet(this.#fd, this.#key.encode(key));
    return raw && this.#single(raw);
  }

  /** One value per possible processor (one in all for a plain map), or undefined when there is no such key. */
  getAll(key: K): V[] | undefined {
    const raw = mapGet(this.#fd, this.#key.encode(key));
    return raw && this.#all(raw);
  }

  has(key: K): boolean {
    return mapGet(this.#fd, this.#key.encode(key)) !== undefined;
  }

  /** `flags`: UpdateFlags. Throws SyscallError: E2BIG when the map is full. */
  set(key: K, value: V, flags: number = UpdateFlags.any): void {
    if (this.perCpu) throw new BpfError(`write map ${this.name}: it is per CPU, write all values`);
    mapSet(this.#fd, this.#key.encode(key), this.#value.encode(value), flags);
  }

  /** Per-CPU map: one value per possible processor. */
  setAll(key: K, values: readonly V[], flags: number = UpdateFlags.any): void {
    const stride = this.perCpu ? perCpuStride(this.#value.size) : this.#value.size;
    const raw = new Uint8Array(stride * values.length);
    values.forEach((value, cpu) => {
      raw.set(this.#value.encode(value), cpu * stride);
    });
    mapSet(this.#fd, this.#key.encode(key), raw, flags);
  }

  /** True when the key was there. */
  delete(key: K): boolean {
    return mapDelete(this.#fd, this.#key.encode(key));
  }

  /** Deletes every entry; returns how many there were. Not for arrays. */
  clear(): number {
    const keys = [...mapEntries(this.#fd)].map(([key]) => key);
    return keys.filter((key) => mapDelete(this.#fd, key)).length;
  }

  /** Every entry, in batches where the kernel can; entries that change meanwhile may be missed or seen twice. */
  *entries(): Generator<[K, V]> {
    for (const [key, value] of mapEntries(this.#fd)) yield [this.#key.decode(key), this.#single(value)];
  }

  /** Like {@link entries}, with every processor's value. */
  *entriesAll(): Generator<[K, V[]]> {
    for (const [key, value] of mapEntries(this.#fd)) yield [this.#key.decode(key), this.#all(value)];
  }

  *keys(): Generator<K> {
    for (const [key] of mapEntries(this.#fd)) yield this.#key.decode(key);
  }
}

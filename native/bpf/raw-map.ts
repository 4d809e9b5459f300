import { sys } from '../binding.ts';
import { BpfError, calling, hasErrno, SyscallError } from '../errors.ts';
import { Fd } from '../fd.ts';
import { MapType } from './constants.ts';
import { possibleCpus } from './cpus.ts';
import { type MapInfo, mapInfo } from './info.ts';

/** Key and value sizes never change for a descriptor, so they are asked for once. */
const known = new WeakMap<Fd, MapInfo>();

function infoOf(map: Fd): MapInfo {
  const cached = known.get(map);
  if (cached !== undefined) return cached;
  const info = mapInfo(map);
  known.set(map, info);
  return info;
}

const perCpuTypes: readonly number[] = [MapType.perCpuHash, MapType.perCpuArray, MapType.lruPerCpuHash];

export function isPerCpu(map: Fd): boolean {
  return perCpuTypes.includes(infoOf(map).type);
}

/** Bytes of one CPU's value in a per-CPU map: rounded up to 8 (kernel/bpf/hashtab.c). */
export function perCpuStride(valueSize: number): number {
  return (valueSize + 7) & ~7;
}

/** Bytes that one lookup delivers: all processors' values for a per-CPU map. */
export function valueBytes(map: Fd): number {
  const { valueSize } = infoOf(map);
  return isPerCpu(map) ? perCpuStride(valueSize) * possibleCpus() : valueSize;
}

function checked(map: Fd, what: string, bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length !== size) throw new BpfError(`use map ${infoOf(map).name}: ${what} has ${bytes.length} bytes, the map wants ${size}`);
  return bytes;
}

const keyOf = (map: Fd, key: Uint8Array) => checked(map, 'key', key, infoOf(map).keySize);

/** `maxEntries` 0 is refused by most types. Throws SyscallError. Names have at most 15 characters. */
export function createMap(spec: Omit<MapInfo, 'id' | 'flags'> & { readonly flags?: number }): Fd {
  const { type, keySize, valueSize, maxEntries, flags = 0, name } = spec;
  return Fd.adopt(
    calling(`create map ${name}`, () => sys().bpfMapCreate(type, keySize, valueSize, maxEntries, flags, name)),
    `map ${name}`,
  );
}

/** The value, or undefined when there is no such key. Throws SyscallError. */
export function mapGet(map: Fd, key: Uint8Array): Uint8Array | undefined {
  const value = new Uint8Array(valueBytes(map));
  const found = calling(`read map ${infoOf(map).name}`, () => sys().bpfMapLookup(map.use(), keyOf(map, key), value, 0));
  return found ? value : undefined;
}

/** `flags`: UpdateFlags. Throws SyscallError: E2BIG when the map is full, EEXIST and ENOENT by flags. */
export function mapSet(map: Fd, key: Uint8Array, value: Uint8Array, flags = 0): void {
  checked(map, 'value', value, valueBytes(map));
  calling(`write map ${infoOf(map).name}`, () => sys().bpfMapUpdate(map.use(), keyOf(map, key), value, flags));
}

/** True when the key was there. Throws SyscallError: EINVAL for arrays, which cannot lose entries. */
export function mapDelete(map: Fd, key: Uint8Array): boolean {
  return calling(`delete from map ${infoOf(map).name}`, () => sys().bpfMapDelete(map.use(), keyOf(map, key)));
}

/** The key after `key`, the first one for undefined; undefined at the end. A key that is gone starts over at the first. */
export function mapNextKey(map: Fd, key: Uint8Array | undefined): Uint8Array | undefined {
  const next = new Uint8Array(infoOf(map).keySize);
  const from = key && keyOf(map, key);
  return calling(`list map ${infoOf(map).name}`, () => sys().bpfMapNextKey(map.use(), from, next)) ? next : undefined;
}

export type RawEntry = readonly [key: Uint8Array, value: Uint8Array];

/** What one batch brought, and where the next one starts; `cursor` undefined: that was all. */
export interface RawBatch {
  readonly entries: RawEntry[];
  readonly cursor: Uint8Array | undefined;
}

/**
 * Up to `count` entries from `cursor` on (undefined: from the start). A hash delivers whole buckets, so `count` must hold the fullest one;
 * ENOSPC says that it does not. Throws SyscallError: ENOTSUPP or EINVAL when the map's type knows no batches.
 */
export function mapGetBatch(map: Fd, cursor: Uint8Array | undefined, count: number): RawBatch {
  const { keySize, name } = infoOf(map);
  const valueSize = valueBytes(map);
  const keys = new Uint8Array(keySize * count);
  const values = new Uint8Array(valueSize * count);
  // Hash tables keep a bucket number here, tries and arrays a key (kernel/bpf/syscall.c, generic_map_lookup_batch).
  const next = new Uint8Array(Math.max(keySize, 4));
  const answer = calling(`list map ${name}`, () => sys().bpfMapLookupBatch(map.use(), cursor, next, keys, values, count));
  const got = answer < 0 ? -1 - answer : answer;
  const entry = (i: number): RawEntry => [keys.slice(i * keySize, (i + 1) * keySize), values.slice(i * valueSize, (i + 1) * valueSize)];
  return { entries: Array.from({ length: got }, (_, i) => entry(i)), cursor: answer < 0 ? undefined : next };
}

const BATCH = 512;

/** One key after the other: for types without batches. The next key is asked for before the entry is handed out, so it may be deleted. */
function* entriesByKey(map: Fd): Generator<RawEntry> {
  let key = mapNextKey(map, undefined);
  while (key !== undefined) {
    const value = mapGet(map, key);
    const next = mapNextKey(map, key);
    if (value !== undefined) yield [key, value];
    key = next;
  }
}

function firstBatch(map: Fd): RawBatch | undefined {
  try {
    return batchThatFits(map, undefined);
  } catch (error) {
    if (error instanceof SyscallError && ['ENOTSUPP', 'EOPNOTSUPP', 'EINVAL'].includes(error.errnoName)) return undefined;
    throw error;
  }
}

function batchThatFits(map: Fd, cursor: Uint8Array | undefined): RawBatch {
  for (let count = BATCH; ; count *= 4) {
    try {
      return mapGetBatch(map, cursor, count);
    } catch (error) {
      if (!hasErrno(error, 'ENOSPC') || count > 1 << 20) throw error;
    }
  }
}

/** Every entry, in batches where the kernel can. Entries that change meanwhile may be seen, missed or (after a deletion) seen twice. */
export function* mapEntries(map: Fd): Generator<RawEntry> {
  let batch = firstBatch(map);
  if (batch === undefined) return yield* entriesByKey(map);
  for (;;) {
    yield* batch.entries;
    if (batch.cursor === undefined) return;
    batch = batchThatFits(map, batch.cursor);
  }
}

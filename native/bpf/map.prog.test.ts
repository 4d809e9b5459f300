import { afterEach, describe, expect, it } from 'vitest';
import { type Fd, liveFds } from '../fd.ts';
import { MapFlags, MapType, UpdateFlags } from './constants.ts';
import { possibleCpus } from './cpus.ts';
import { be32, bytes, type LayoutValue, scalar, struct, u8, u32, u64, zero } from './layout.ts';
import { BpfMap } from './map.ts';
import { createMap, mapDelete, mapGet, mapGetBatch, mapNextKey, mapSet } from './raw-map.ts';

const pairKey = struct('pair_key', 8, { low: u32(0), tag: u8(4), pad: zero(5, 3) });
const counter = struct('counter', 16, { packets: u64(0), bytes: u64(8) });
const index = scalar('__u32', u32);
const prefix = struct('prefix', 8, { length: u32(0), address: bytes(4, 4) });
const identity = struct('identity', 4, { identity: be32(0) });

const open: Fd[] = [];
afterEach(() => {
  for (const fd of open.splice(0)) fd.close();
  expect(liveFds().size).toBe(0);
});

function make(type: number, keySize: number, valueSize: number, maxEntries = 4096, flags = 0): Fd {
  const fd = createMap({ type, keySize, valueSize, maxEntries, flags, name: 'test_map' });
  open.push(fd);
  return fd;
}

const hash = (maxEntries?: number) => new BpfMap(make(MapType.hash, 8, 16, maxEntries), pairKey, counter);
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('BpfMap on a hash', () => {
  it('gets, sets and deletes', () => {
    const map = hash();
    const key = { low: 7, tag: 1 };
    expect(map.get(key)).toBeUndefined();
    map.set(key, { packets: 1n, bytes: 1n << 63n });
    expect(map.get(key)).toEqual({ packets: 1n, bytes: 1n << 63n });
    expect(map.has(key)).toBe(true);
    expect(map.delete(key)).toBe(true);
    expect(map.delete(key)).toBe(false);
  });

  it('respects the update flags', () => {
    const map = hash();
    const [key, value] = [
      { low: 1, tag: 0 },
      { packets: 0n, bytes: 0n },
    ];
    expect(() => map.set(key, value, UpdateFlags.exist)).toThrow('write map test_map: no such file or directory');
    map.set(key, value, UpdateFlags.noExist);
    expect(() => map.set(key, value, UpdateFlags.noExist)).toThrow('write map test_map: file exists');
  });

  it('says that it is full', () => {
    const map = hash(1);
    map.set({ low: 1, tag: 0 }, { packets: 0n, bytes: 0n });
    expect(() => map.set({ low: 2, tag: 0 }, { packets: 0n, bytes: 0n })).toThrow(expect.objectContaining({ errnoName: 'E2BIG' }));
  });

  it('lists thousands of entries in batches, each once', () => {
    const map = hash();
    for (const low of numbers(3000)) map.set({ low, tag: low % 3 }, { packets: BigInt(low), bytes: 0n });
    const seen = [...map.entries()];
    expect(seen.length).toBe(3000);
    expect(new Set(seen.map(([key]) => key.low)).size).toBe(3000);
    expect(seen.every(([key, value]) => BigInt(key.low) === value.packets && key.tag === key.low % 3)).toBe(true);
    expect(map.clear()).toBe(3000);
    expect([...map.keys()]).toEqual([]);
  });

  it('may lose entries while they are listed', () => {
    const map = hash();
    for (const low of numbers(1500)) map.set({ low, tag: 0 }, { packets: 0n, bytes: 0n });
    for (const [key] of map.entries()) map.delete(key);
    expect([...map.entries()]).toEqual([]);
  });

  it('refuses layouts that are not the size of the map', () => {
    const fd = make(MapType.hash, 8, 16);
    expect(() => new BpfMap(fd, index, counter)).toThrow('use map test_map: its key has 8 bytes, __u32 has 4');
    expect(() => new BpfMap(fd, pairKey, identity)).toThrow('use map test_map: its value has 16 bytes, identity has 4');
    expect(() => new BpfMap(fd, pairKey, counter, { perCpu: true })).toThrow('use map test_map: it is not per CPU');
  });
});

describe('BpfMap on other types', () => {
  it('reads one value per processor from a per-CPU hash and array', () => {
    for (const [type, keySize] of [
      [MapType.perCpuHash, 8],
      [MapType.perCpuArray, 4],
    ] as const) {
      const fd = make(type, keySize, 16, 4);
      const key = keySize === 8 ? { low: 1, tag: 2 } : 3;
      const map = new BpfMap<typeof key, LayoutValue<typeof counter>>(fd, (keySize === 8 ? pairKey : index) as never, counter, {
        perCpu: true,
      });
      const values = numbers(possibleCpus()).map((cpu) => ({ packets: BigInt(cpu + 1), bytes: 9n }));
      map.setAll(key, values);
      expect(map.getAll(key)).toEqual(values);
      expect([...map.entriesAll()]).toContainEqual([key, values]);
      expect(() => map.get(key)).toThrow('read map test_map: it is per CPU');
      expect(() => map.set(key, { packets: 0n, bytes: 0n })).toThrow('it is per CPU');
    }
  });

  it('rounds a small per-CPU value up to 8 bytes', () => {
    const map = new BpfMap(make(MapType.perCpuArray, 4, 4, 1), index, identity);
    const values = numbers(possibleCpus()).map((cpu) => ({ identity: cpu + 100 }));
    map.setAll(0, values);
    expect(map.getAll(0)).toEqual(values);
  });

  it('finds the longest prefix in a trie, and lists it', () => {
    const map = new BpfMap(make(MapType.lpmTrie, 8, 4, 2048, MapFlags.noPrealloc), prefix, identity);
    map.set({ length: 8, address: Uint8Array.of(10, 0, 0, 0) }, { identity: 1 });
    map.set({ length: 24, address: Uint8Array.of(10, 1, 2, 0) }, { identity: 2 });
    expect(map.get({ length: 32, address: Uint8Array.of(10, 1, 2, 3) })).toEqual({ identity: 2 });
    expect(map.get({ length: 32, address: Uint8Array.of(10, 9, 9, 9) })).toEqual({ identity: 1 });
    for (const i of numbers(1200)) map.set({ length: 32, address: Uint8Array.of(11, 0, i >> 8, i & 255) }, { identity: i });
    expect([...map.entries()].length).toBe(1202);
  });

  it('lists an array with all its slots and cannot delete from it', () => {
    const map = new BpfMap(make(MapType.array, 4, 4, 1100), index, identity);
    map.set(5, { identity: 55 });
    expect([...map.entries()].length).toBe(1100);
    expect(map.get(5)).toEqual({ identity: 55 });
    expect(map.get(1100)).toBeUndefined();
    expect(() => map.delete(5)).toThrow(expect.objectContaining({ errnoName: 'EINVAL' }));
  });
});

describe('raw maps', () => {
  it('refuses keys and values of another size before the kernel reads past them', () => {
    const map = make(MapType.hash, 8, 16);
    expect(() => mapGet(map, new Uint8Array(4))).toThrow('use map test_map: key has 4 bytes, the map wants 8');
    expect(() => mapSet(map, new Uint8Array(8), new Uint8Array(17))).toThrow('value has 17 bytes, the map wants 16');
    expect(() => mapDelete(map, new Uint8Array(9))).toThrow('key has 9 bytes');
    expect(() => mapNextKey(map, new Uint8Array(9))).toThrow('key has 9 bytes');
  });

  it('walks by key, and in small batches', () => {
    const map = make(MapType.array, 4, 4, 10);
    let steps = 0;
    for (let key = mapNextKey(map, undefined); key !== undefined; key = mapNextKey(map, key)) steps++;
    expect(steps).toBe(10);
    const first = mapGetBatch(map, undefined, 6);
    const second = mapGetBatch(map, first.cursor, 6);
    expect([first.entries.length, second.entries.length, second.cursor]).toEqual([6, 4, undefined]);
  });
});

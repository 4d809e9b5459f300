import { describe, expect, it } from 'vitest';
import { MapType } from './constants.ts';
import { copyEntries } from './copy.ts';
import { possibleCpus } from './cpus.ts';
import { createMap, mapEntries, mapGet, mapSet, perCpuStride } from './raw-map.ts';

const key = (n: number) => new Uint8Array([n, 0, 0, 0]);
const map = (type: number, valueSize: number, maxEntries = 8, keySize = 4) =>
  createMap({ type, keySize, valueSize, maxEntries, name: 'test' });

describe('copyEntries', () => {
  it.each([
    ['a hash', MapType.hash],
    ['an LRU hash', MapType.lruHash],
  ])('keeps the values of %s and puts zeros behind them', (_, type) => {
    using from = map(type, 4);
    using to = map(type, 8);
    for (let n = 1; n <= 5; n++) mapSet(from, key(n), new Uint8Array([1, n, n, n]));
    expect(copyEntries(from, to)).toEqual({ copied: 5, lost: 0 });
    expect([...mapEntries(to)]).toHaveLength(5);
    expect(mapGet(to, key(3))).toEqual(new Uint8Array([1, 3, 3, 3, 0, 0, 0, 0]));
  });

  it("keeps every processor's value", () => {
    using from = map(MapType.perCpuHash, 8);
    using to = map(MapType.perCpuHash, 20);
    const cpus = Array.from({ length: possibleCpus() }, (_, cpu) => cpu);
    mapSet(from, key(1), new Uint8Array(cpus.flatMap((cpu) => [cpu + 1, ...new Array(7).fill(9)])));
    copyEntries(from, to);
    const value = mapGet(to, key(1)) ?? new Uint8Array();
    for (const cpu of cpus) {
      const at = cpu * perCpuStride(20);
      expect([...value.subarray(at, at + 20)]).toEqual([cpu + 1, ...new Array(7).fill(9), ...new Array(12).fill(0)]);
    }
  });

  it('leaves what is there, and counts what found no room', () => {
    using from = map(MapType.hash, 4);
    using to = map(MapType.hash, 4, 3);
    for (let n = 1; n <= 5; n++) mapSet(from, key(n), new Uint8Array(4).fill(n));
    mapSet(to, key(1), new Uint8Array(4).fill(77));
    expect(copyEntries(from, to)).toEqual({ copied: 2, lost: 2 });
    expect(mapGet(to, key(1))).toEqual(new Uint8Array(4).fill(77));
  });

  it('refuses shorter values, other keys, and a map per CPU beside one that is not', () => {
    using from = map(MapType.hash, 8);
    using shorter = map(MapType.hash, 4);
    using otherKeys = map(MapType.hash, 8, 8, 8);
    using perCpu = map(MapType.perCpuHash, 8);
    expect(() => copyEntries(from, shorter)).toThrow('copy map test: its values have 8 bytes, more than 4');
    expect(() => copyEntries(from, otherKeys)).toThrow('copy map test: its keys have 4 bytes, not 8');
    expect(() => copyEntries(from, perCpu)).toThrow('copy map test: one of the two is per CPU');
  });
});

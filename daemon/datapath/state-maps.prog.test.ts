import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { direction, maps } from '../../bpf/layout.generated.ts';
import { settings } from '../../bpf/testing/world.ts';
import type { Paths } from '../../conf/paths.ts';
import { embeddedFile } from '../../native/embedded.ts';
import { Scratch } from '../../native/fixture.ts';
import { BpfMap, createMap, type Fd, getPinned, MapType, mapInfo, mapSet, pin, possibleCpus } from '../../native/index.ts';
import { messageOf } from '../failure.ts';
import { removeAll } from '../files.ts';
import { silent } from '../log.ts';
import { ProgramSet } from './programs.ts';

/* An upgrade from a version whose counters were shorter (or, refused, longer) than ours: struct metrics_value had `packets` alone. */

const scratch = new Scratch();
let paths: Paths;
let pinned: string;

beforeAll(async () => {
  const bpffs = await scratch.bpffs();
  for (const folder of ['maps', 'progs']) mkdirSync(join(bpffs, folder));
  paths = { runDir: mkdtempSync(join(tmpdir(), 'state-maps-')), maps: `${bpffs}/maps`, progs: `${bpffs}/progs` } as Paths;
  pinned = join(paths.maps, 'axo_metrics');
});
beforeEach(async () => {
  (await ProgramSet.open(options('before'))).close();
});
afterAll(async () => {
  await scratch[Symbol.asyncDispose]();
  removeAll(paths.runDir);
});

const options = (version: string) => ({
  paths,
  objectPath: (name: string) => embeddedFile(`${name}.o`),
  rodata: settings,
  version,
  log: silent,
});

const key = (reason: number) => ({ reason, direction: direction.EGRESS, file: 1 });

/** The map of another version, with values of this many bytes per processor, in the place of ours. */
function pinOther(valueSize: number): Fd {
  const map = createMap({ type: MapType.perCpuHash, keySize: 4, valueSize, maxEntries: 1024, name: 'axo_metrics' });
  removeAll(pinned);
  pin(map, pinned);
  return map;
}

/** Counts `packets` under a reason on every processor; the values of `map` have 8 bytes. */
function count(map: Fd, reason: number, packets: number): void {
  const values = new BigUint64Array(possibleCpus()).fill(BigInt(packets));
  mapSet(map, maps.axo_metrics.key.encode(key(reason)), new Uint8Array(values.buffer));
}

/** What the pinned map says of a reason: the first processor's value. */
function counted(reason: number) {
  using current = getPinned(pinned);
  return new BpfMap(current, maps.axo_metrics.key, maps.axo_metrics.value).getAll(key(reason))?.[0];
}

describe('a state map whose values have become longer', () => {
  it('keeps its entries, also those that the programs of before write until every link runs the new ones', async () => {
    using old = pinOther(8);
    count(old, 1, 7);
    const set = await ProgramSet.open(options('next'));
    expect(counted(1)).toEqual({ packets: 7n, bytes: 0n });
    count(old, 2, 3);
    set.commit(silent);
    set.close();
    expect(counted(2)).toEqual({ packets: 3n, bytes: 0n });
    expect(existsSync(`${pinned}_old`)).toBe(false);
  });

  it('keeps them when the upgrade is cut short and begins again', async () => {
    using old = pinOther(8);
    count(old, 1, 7);
    (await ProgramSet.open(options('next'))).close();
    count(old, 2, 3);
    const set = await ProgramSet.open(options('next'));
    set.commit(silent);
    set.close();
    expect([counted(1), counted(2)]).toEqual([
      { packets: 7n, bytes: 0n },
      { packets: 3n, bytes: 0n },
    ]);
  });

  it('keeps them when another version takes over an upgrade that was cut short', async () => {
    using oldest = pinOther(8);
    count(oldest, 1, 7);
    (await ProgramSet.open(options('next'))).close();
    using middle = createMap({ type: MapType.perCpuHash, keySize: 4, valueSize: 8, maxEntries: 1024, name: 'axo_metrics' });
    removeAll(pinned);
    pin(middle, pinned);
    count(middle, 2, 3);
    const set = await ProgramSet.open(options('the one after'));
    set.commit(silent);
    set.close();
    expect([counted(1)?.packets, counted(2)?.packets]).toEqual([7n, 3n]);
  });
});

it('a state map of a newer version is refused and stays as it is', async () => {
  using newer = pinOther(24);
  mapSet(newer, maps.axo_metrics.key.encode(key(1)), new Uint8Array(24 * possibleCpus()).fill(5));
  const error = await ProgramSet.open(options('older')).catch((thrown: unknown) => thrown);
  expect(messageOf(error)).toMatch(
    /^load the datapath: keep the entries of map axo_metrics: its values have 24 bytes, more than 16 \(start the newer version again, or /,
  );
  using current = getPinned(pinned);
  expect(mapInfo(current).id).toBe(mapInfo(newer).id);
  removeAll(pinned);
});

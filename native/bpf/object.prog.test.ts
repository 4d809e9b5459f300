import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveFds } from '../fd.ts';
import { Scratch } from '../fixture.ts';
import { MapType } from './constants.ts';
import { mapInfo, programInfo } from './info.ts';
import { inspectObject, loadObject } from './object.ts';
import { getPinned, pin } from './pin.ts';
import { testRun } from './test-run.ts';

const scratch = new Scratch();
let bpffs: string;
let sample: string;
beforeAll(async () => {
  bpffs = await scratch.bpffs();
  sample = scratch.compile('sample');
});
afterAll(async () => {
  await scratch[Symbol.asyncDispose]();
});

const packet = new Uint8Array(64);

describe('inspectObject', () => {
  it('lists maps, programs and variables', async () => {
    const shape = await inspectObject(sample);
    expect(
      shape.maps
        .filter((map) => !map.internal)
        .map((map) => map.name)
        .sort(),
    ).toEqual(['events', 'hits', 'pairs']);
    expect(shape.maps.find((map) => map.name === 'pairs')).toMatchObject({
      type: MapType.hash,
      keySize: 8,
      valueSize: 8,
      maxEntries: 4096,
      flags: 0,
    });
    expect(shape.programs).toContainEqual({ name: 'pass_xdp', section: 'xdp' });
    expect(shape.variables).toContainEqual({ name: 'cfg_mac', section: '.rodata', size: 6 });
  });

  it('names a file that is not there or no object', async () => {
    await expect(inspectObject('/nosuch.o')).rejects.toMatchObject({
      code: 'BPF',
      message: expect.stringMatching(/^open object nosuch.o: no such file/),
    });
    await expect(inspectObject(import.meta.filename)).rejects.toMatchObject({ code: 'BPF' });
  });
});

describe('loadObject', () => {
  it('sets constants, and runs a program on a packet', async () => {
    using object = await loadObject({ path: sample, rodata: { cfg_verdict: 2, cfg_mac: Uint8Array.of(1, 2, 3, 4, 5, 6), cfg_big: 7n } });
    const context = new Uint8Array(192);
    const output = testRun(object.program('count_packet'), { data: packet, context });
    expect(output.retval).toBe(2);
    expect(output.data).toEqual(packet);
    expect(new DataView(output.context.buffer).getUint32(8, true)).toBe(7);
    expect(testRun(object.program('pass_packet'), { data: packet, repeat: 100 })).toMatchObject({ retval: -1 });
  });

  it('reads what the kernel knows of a program', async () => {
    using object = await loadObject({ path: sample, programs: ['pass_xdp'] });
    expect([...object.programs.keys()]).toEqual(['pass_xdp']);
    expect(programInfo(object.program('pass_xdp'))).toMatchObject({
      name: 'pass_xdp',
      type: 6,
      tag: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(programInfo(object.program('pass_xdp')).verifiedInstructions).toBeGreaterThan(2);
    expect(() => object.program('none')).toThrow('use program none: not loaded (there are: pass_xdp)');
  });

  it('refuses a constant that is unknown or does not fit', async () => {
    const load = (rodata: Record<string, number | Uint8Array>) => loadObject({ path: sample, rodata });
    await expect(load({ cfg_nosuch: 1 })).rejects.toThrow(`set variable cfg_nosuch of ${sample}: no such variable`);
    await expect(load({ cfg_verdict: 2 ** 40 })).rejects.toThrow('1099511627776 does not fit 4 bytes');
    await expect(load({ cfg_mac: new Uint8Array(5) })).rejects.toMatchObject({ code: 'BPF' });
    await expect(load({ cfg_verdict: 1.5 })).rejects.toThrow('1.5 does not fit 4 bytes');
  });

  it('names the program that the verifier refuses, and why', async () => {
    const error = await loadObject({ path: scratch.compile('refused') }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'VERIFIER',
      program: 'reads_past_end',
      errno: 13,
      tail: expect.stringContaining('invalid access to packet'),
    });
    expect(liveFds().size).toBe(0);
  });

  it('pins new maps and reuses pinned ones', async () => {
    const folder = join(bpffs, 'reuse', 'maps');
    using first = await loadObject({ path: sample, pinMapsUnder: folder });
    expect(readdirSync(folder).sort()).toEqual(['events', 'hits', 'pairs']);
    using second = await loadObject({ path: sample, pinMapsUnder: folder });
    for (const name of ['events', 'hits', 'pairs']) expect(mapInfo(second.map(name)).id).toBe(mapInfo(first.map(name)).id);
    using other = await loadObject({ path: sample, reuseMaps: { pairs: first.map('pairs') } });
    expect(mapInfo(other.map('pairs')).id).toBe(mapInfo(first.map('pairs')).id);
    expect(mapInfo(other.map('hits')).id).not.toBe(mapInfo(first.map('hits')).id);
  });

  it('refuses a pinned map of another shape, and says which and how', async () => {
    const folder = join(bpffs, 'other');
    using first = await loadObject({ path: sample, pinMapsUnder: folder, maxEntries: { pairs: 16 } });
    expect(mapInfo(first.map('pairs')).maxEntries).toBe(16);
    await expect(loadObject({ path: sample, pinMapsUnder: folder })).rejects.toMatchObject({
      code: 'MAP_MISMATCH',
      message: `reuse map pairs pinned at ${join(folder, 'pairs')}: its maxEntries is 16, the program needs 4096`,
    });
    using same = await loadObject({ path: sample, pinMapsUnder: folder, maxEntries: { pairs: 16 } });
    expect(mapInfo(same.map('pairs')).id).toBe(mapInfo(first.map('pairs')).id);
  });

  it('keeps nothing when it cannot pin', async () => {
    const before = liveFds().size;
    await expect(loadObject({ path: sample, pinMapsUnder: join(scratch.directory, 'no-bpffs') })).rejects.toMatchObject({
      syscall: 'bpf(BPF_OBJ_PIN)',
    });
    expect(liveFds().size).toBe(before);
  });
});

describe('descriptors', () => {
  it('are all closed again, after success and after failure', async () => {
    const refused = scratch.compile('refused');
    const round = async () => {
      (await loadObject({ path: sample, pinMapsUnder: join(bpffs, 'rounds') })).close();
      await loadObject({ path: refused }).catch(() => undefined);
      await loadObject({ path: sample, rodata: { nosuch: 1 } }).catch(() => undefined);
    };
    await round();
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 5; i++) await round();
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    expect(liveFds().size).toBe(0);
  });
});

describe('pins', () => {
  it('opens what was pinned', async () => {
    using object = await loadObject({ path: sample, programs: ['pass_packet'] });
    const path = join(bpffs, 'pass_packet');
    pin(object.program('pass_packet'), path);
    using again = getPinned(path);
    expect(programInfo(again).id).toBe(programInfo(object.program('pass_packet')).id);
    expect(() => pin(object.program('pass_packet'), path)).toThrow(`pin program pass_packet at ${path}: file exists`);
    expect(() => getPinned(`${path}2`)).toThrow(`open pinned ${path}2: no such file or directory`);
  });
});

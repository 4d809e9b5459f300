import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Scratch } from '../fixture.ts';
import { type BpfObject, loadObject } from './object.ts';
import { type RingRecorder, recordRingBuffer } from './ring-recorder.ts';
import { testRun } from './test-run.ts';

const scratch = new Scratch();
let object: BpfObject;
let path: string;
let recorder: RingRecorder | undefined;
beforeAll(async () => {
  path = scratch.compile('sample');
  object = await loadObject({ path, rodata: { cfg_mac: Uint8Array.of(0, 0, 0, 0, 0, 9) } });
});
afterEach(() => recorder?.close());
afterAll(async () => {
  object.close();
  await scratch[Symbol.asyncDispose]();
});

const send = (length: number, repeat = 1) => testRun(object.program('count_packet'), { data: new Uint8Array(length), repeat });
const lengths = (records: readonly Uint8Array[]) =>
  records.map((record) => new DataView(record.buffer, record.byteOffset).getUint32(0, true));

/** Keeps the event loop from turning until a condition holds. */
function block(until: () => boolean): void {
  for (const end = performance.now() + 20_000; !until() && performance.now() < end; );
}

describe('recordRingBuffer', () => {
  it('records while the event loop stands still', () => {
    const own = recordRingBuffer(object.map('events'), 10);
    recorder = own;
    for (const length of [60, 61, 62]) send(length);
    block(() => own.seen === 3);
    expect(lengths(own.read(0).records)).toEqual([60, 61, 62]);
  });

  it('keeps the latest, and counts all', () => {
    const own = recordRingBuffer(object.map('events'), 4);
    recorder = own;
    send(60, 1000);
    for (const length of [61, 62, 63]) send(length);
    block(() => own.seen === 1003);
    expect(lengths(own.read(0).records)).toEqual([60, 61, 62, 63]);
  });

  it('gives each subscriber every record once, and tells how many it missed', () => {
    const own = recordRingBuffer(object.map('events'), 4);
    recorder = own;
    send(60);
    send(61);
    block(() => own.seen === 2);
    const slow = own.read(0, 1);
    expect([lengths(slow.records), slow.next, slow.lost]).toEqual([[60], 1, 0]);
    const quick = own.read(own.seen);
    expect(quick).toEqual({ records: [], next: 2, lost: 0 });
    for (const length of [62, 63, 64, 65]) send(length);
    block(() => own.seen === 6);
    const rest = own.read(slow.next);
    expect([lengths(rest.records), rest.next, rest.lost]).toEqual([[62, 63, 64, 65], 6, 1]);
    expect(lengths(own.read(quick.next, 2).records)).toEqual([62, 63]);
    expect(() => own.read(7)).toThrow(new RangeError('read record 7: there are 6'));
  });

  it('stops when it is closed', async () => {
    recorder = recordRingBuffer(object.map('events'), 4);
    recorder.close();
    send(60);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(recorder.seen).toBe(0);
    expect(recorder.read(0)).toEqual({ records: [], next: 0, lost: 0 });
    // For the next reader.
    const next = recordRingBuffer(object.map('events'), 4);
    block(() => next.seen === 1);
    expect(lengths(next.read(0).records)).toEqual([60]);
    next.close();
  });

  it('refuses another kind of map', () => {
    expect(() => recordRingBuffer(object.map('pairs'), 1)).toThrow('record ring buffer map pairs: invalid argument');
  });

  it('does not keep the process alive, also when it is never closed', () => {
    const program = `
      const { loadObject, recordRingBuffer } = await import(${JSON.stringify(join(import.meta.dirname, '..', 'index.ts'))});
      const object = await loadObject({ path: ${JSON.stringify(path)} });
      recordRingBuffer(object.map('events'), 4);
      console.log('end');`;
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 60_000 })).toBe('end\n');
  });
});

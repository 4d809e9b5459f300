import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveFds } from '../fd.ts';
import { Scratch } from '../fixture.ts';
import { type BpfObject, loadObject } from './object.ts';
import { openRingBuffer } from './ring-buffer.ts';
import { testRun } from './test-run.ts';

const scratch = new Scratch();
let object: BpfObject;
let path: string;
beforeAll(async () => {
  path = scratch.compile('sample');
  object = await loadObject({ path, rodata: { cfg_mac: Uint8Array.of(0, 0, 0, 0, 0, 9) } });
});
afterAll(async () => {
  object.close();
  await scratch[Symbol.asyncDispose]();
  expect(liveFds().size).toBe(0);
});

const send = (length: number, repeat = 1) => testRun(object.program('count_packet'), { data: new Uint8Array(length), repeat });
const lengths = (records: readonly Uint8Array[]) =>
  records.map((record) => new DataView(record.buffer, record.byteOffset).getUint32(0, true));

describe('openRingBuffer', () => {
  it('delivers records from the event loop, in order', async () => {
    const records: Uint8Array[] = [];
    const reader = openRingBuffer(object.map('events'), (record) => records.push(record));
    for (const length of [60, 61, 62]) send(length);
    expect(records).toEqual([]);
    await expect.poll(() => lengths(records)).toEqual([60, 61, 62]);
    expect(records[0]).toEqual(Uint8Array.of(60, 0, 0, 0, 9, 0, 0, 0));
    send(63);
    await expect.poll(() => lengths(records)).toEqual([60, 61, 62, 63]);
    reader.close();
  });

  it('delivers more than one turn holds', async () => {
    let count = 0;
    const reader = openRingBuffer(object.map('events'), () => count++);
    send(60, 2000);
    await expect.poll(() => count).toBe(2000);
    reader.close();
  });

  it('delivers at once when asked, and nothing after close', async () => {
    const records: Uint8Array[] = [];
    const reader = openRingBuffer(object.map('events'), (record) => {
      records.push(record);
      if (records.length === 2) reader.close();
    });
    for (const length of [70, 71, 72]) send(length);
    reader.consume();
    expect(lengths(records)).toEqual([70, 71]);
    reader.close();
    expect(reader.consume()).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(records.length).toBe(2);
  });

  it('refuses another kind of map', () => {
    expect(() => openRingBuffer(object.map('pairs'), () => undefined)).toThrow('open ring buffer map pairs: invalid argument');
  });

  it('does not keep the process alive, also when it is never closed', () => {
    const program = `
      const { loadObject, openRingBuffer } = await import(${JSON.stringify(join(import.meta.dirname, '..', 'index.ts'))});
      const object = await loadObject({ path: ${JSON.stringify(path)} });
      openRingBuffer(object.map('events'), () => undefined);
      console.log('end');`;
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 60_000 })).toBe('end\n');
  });

  it('turns what the callback throws into an uncaught exception', () => {
    const program = `
      const { loadObject, openRingBuffer, testRun } = await import(${JSON.stringify(join(import.meta.dirname, '..', 'index.ts'))});
      const object = await loadObject({ path: ${JSON.stringify(path)} });
      let count = 0;
      process.on('uncaughtException', (error) => {
        console.log(error.message);
        if (count === 2) process.exit(0);
        testRun(object.program('count_packet'), { data: new Uint8Array(60) });
      });
      openRingBuffer(object.map('events'), () => { throw new Error('thrown ' + ++count); }).ref();
      testRun(object.program('count_packet'), { data: new Uint8Array(60) });`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 60_000 });
    expect(output).toBe('thrown 1\nthrown 2\n');
  });

  it('ends cleanly with a worker thread that leaves it open, and the code of its own threads stays', async () => {
    const program = `
      const { Worker } = await import('node:worker_threads');
      const { readFileSync } = await import('node:fs');
      const isLoaded = () => readFileSync('/proc/self/maps', 'utf8').includes('axoneme-bpf.node');
      const worker = new Worker(\`
        import(${JSON.stringify(join(import.meta.dirname, '..', 'index.ts'))}).then(async ({ loadObject, openRingBuffer }) => {
          const object = await loadObject({ path: ${JSON.stringify(path)} });
          openRingBuffer(object.map('events'), () => undefined).ref();
          process.exit(3);
        })\`, { eval: true });
      worker.on('exit', (code) => console.log('worker', code, isLoaded()));`;
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 60_000 })).toBe(
      'worker 3 true\n',
    );
  });
});

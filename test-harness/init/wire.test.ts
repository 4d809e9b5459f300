import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCommand, encodeFrame, FRAME, type Frame, FrameReader } from './wire.ts';

const frame = fc.record({
  kind: fc.constantFrom(...Object.values(FRAME)),
  command: fc.nat({ max: 0xffffffff }),
  payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
});

const textOf = ({ kind, command, payload }: Frame) => `${kind} ${command} ${payload.toString('hex')}`;

function read(chunks: readonly Buffer[]): string[] {
  const reader = new FrameReader();
  return chunks.flatMap((chunk) => [...reader.take(chunk)].map(textOf));
}

function cut(stream: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (stream.length + 1)), stream.length].sort((a, b) => a - b);
  return ends.map((end, i) => stream.subarray(ends[i - 1] ?? 0, end));
}

describe('frames', () => {
  it('are kind, command, length and payload', () => {
    const bytes = encodeFrame({ kind: 'O', command: 0x01020304, payload: Buffer.from('hi') });
    expect(bytes.toString('hex')).toBe(`4f${'04030201'}${'02000000'}6869`);
  });

  it('come out as they went in, wherever the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (frames, places) => {
        expect(read(cut(Buffer.concat(frames.map(encodeFrame)), places))).toEqual(frames.map(textOf));
      }),
    );
  });

  it('come out of single bytes', () => {
    const stream = encodeFrame({ kind: 'X', command: 7, payload: Buffer.from([7, 0]) });
    expect(read([...stream].map((byte) => Buffer.from([byte])))).toEqual(['X 7 0700']);
  });

  it('that are not whole yet do not come out', () => {
    const stream = encodeFrame({ kind: 'O', command: 1, payload: Buffer.from('hello') });
    for (let end = 0; end < stream.length; end += 1) expect(read([stream.subarray(0, end)])).toEqual([]);
  });

  it('have the letters of init.h', () => {
    const header = readFileSync(join(import.meta.dirname, 'init.h'), 'utf8');
    const letters = [...header.matchAll(/FRAME_(\w+) = '(\w)'/g)].map(([, name = '', letter]) => [name.toLowerCase(), letter]);
    expect(Object.fromEntries(letters)).toEqual(FRAME);
  });
});

describe('a command', () => {
  const command = { argv: ['sh', '-c', 'a'], env: { B: 'c d' }, cwd: '/e', netns: '/n', cgroup: 'g', input: 'f' };

  it('is a byte for the input, its texts with zero bytes behind them, and its input', () => {
    expect(encodeCommand(command).toString('latin1')).toBe('\x01/e\0/n\0g\x003\0sh\0-c\0a\x001\0B=c d\0f');
    expect(encodeCommand({ ...command, env: {}, input: undefined }).toString('latin1')).toBe('\0/e\0/n\0g\x003\0sh\0-c\0a\x000\0');
  });

  it('is refused with a zero byte in an argument, which would split it, and without any argument', () => {
    const code = 'BAD_COMMAND';
    const message = 'run a\0b: "a\\u0000b" has a zero byte';
    expect(() => encodeCommand({ ...command, argv: ['a\0b'] })).toThrow(expect.objectContaining({ code, message }));
    expect(() => encodeCommand({ ...command, argv: [] })).toThrow(
      expect.objectContaining({ code, message: 'run a command: its arguments are empty, name a program' }),
    );
  });
});

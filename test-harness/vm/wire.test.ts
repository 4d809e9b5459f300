import { describe, expect, it } from 'vitest';
import { encodeCommand, encodeFrame, FrameReader } from './wire.ts';

const stream = Buffer.concat([
  encodeFrame('O', Buffer.from('hello')),
  encodeFrame('E', Buffer.alloc(0)),
  encodeFrame('X', Buffer.from([7, 0])),
]);

function read(chunks: readonly Buffer[]): string[] {
  const reader = new FrameReader();
  return chunks.flatMap((chunk) => [...reader.take(chunk)].map(({ kind, payload }) => `${kind} ${payload.toString('hex')}`));
}

describe('frames', () => {
  it('come out whole, wherever the stream is cut', () => {
    for (let cut = 0; cut <= stream.length; cut += 1)
      expect(read([stream.subarray(0, cut), stream.subarray(cut)])).toEqual(['O 68656c6c6f', 'E ', 'X 0700']);
  });

  it('come out of single bytes', () => {
    expect(read([...stream].map((byte) => Buffer.from([byte])))).toHaveLength(3);
  });
});

describe('a command', () => {
  const command = { argv: ['sh', '-c', 'a'], env: { B: 'c d' }, cwd: '/e', input: 'f' };

  it('is two counts, its texts with zero bytes behind them, and its input', () => {
    expect(encodeCommand(command).toString('latin1')).toBe('\x03\0\0\0\x01\0\0\0/e\0sh\0-c\0a\0B=c d\0f');
  });

  it('is refused with a zero byte in an argument, which would split it', () => {
    expect(() => encodeCommand({ ...command, argv: ['a\0b'] })).toThrow('run a\0b: "a\\u0000b" has a zero byte');
  });
});

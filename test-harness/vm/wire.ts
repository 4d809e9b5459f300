import type { Duplex } from 'node:stream';

/** Kinds of frames; `test-harness/vm/init/init.h` has the same letters and says what is in them. */
export const FRAME = { ready: 'R', stdout: 'O', stderr: 'E', end: 'X', command: 'C' } as const;

export interface Frame {
  readonly kind: string;
  readonly payload: Buffer;
}

const HEAD = 5;

/** A frame: kind, length of the payload (four bytes, little endian), payload. */
export function encodeFrame(kind: string, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD);
  head.write(kind, 'latin1');
  head.writeUInt32LE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

/** What a machine is to run. */
export interface Command {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** folder that it starts in */
  readonly cwd: string;
  /** what it reads on its standard input */
  readonly input: string | Uint8Array;
}

/** The payload that `init/command.c` reads. Throws RangeError for a text with a zero byte, which no argument can hold. */
export function encodeCommand({ argv, env, cwd, input }: Command): Buffer {
  const entries = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const texts = [cwd, ...argv, ...entries];
  const broken = texts.find((text) => text.includes('\0'));
  if (broken !== undefined) throw new RangeError(`run ${argv[0]}: ${JSON.stringify(broken)} has a zero byte`);
  const counts = Buffer.alloc(8);
  counts.writeUInt32LE(argv.length, 0);
  counts.writeUInt32LE(entries.length, 4);
  return Buffer.concat([counts, Buffer.from(texts.map((text) => `${text}\0`).join('')), Buffer.from(input)]);
}

/** Cuts a stream of bytes into frames, wherever its chunks end. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Frames that are whole with this chunk. */
  *take(chunk: Buffer): Generator<Frame> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= HEAD) {
      const end = HEAD + this.#rest.readUInt32LE(1);
      if (this.#rest.length < end) return;
      yield { kind: this.#rest.toString('latin1', 0, 1), payload: this.#rest.subarray(HEAD, end) };
      this.#rest = this.#rest.subarray(end);
    }
  }
}

/** Calls back for every frame that a stream brings. */
export function onFrames(stream: Duplex, listener: (frame: Frame) => void): void {
  const reader = new FrameReader();
  stream.on('data', (chunk: Buffer) => {
    for (const frame of reader.take(chunk)) listener(frame);
  });
}

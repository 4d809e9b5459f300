import type { Duplex } from 'node:stream';
import { HarnessError } from '../errors.ts';

/** Kinds of frames; `init.h` has the same letters and says what is in them. */
export const FRAME = {
  ready: 'R',
  started: 'S',
  stdout: 'O',
  stderr: 'E',
  exit: 'X',
  closed: 'Z',
  command: 'C',
  signal: 'K',
} as const;

export interface Frame {
  readonly kind: string;
  /** number of the command that it belongs to; 0 for READY */
  readonly command: number;
  readonly payload: Buffer;
}

const HEAD = 9;

/** A frame: kind, command, length of the payload (four bytes each, little endian), payload. */
export function encodeFrame({ kind, command, payload }: Frame): Buffer {
  const head = Buffer.alloc(HEAD);
  head.write(kind, 'latin1');
  head.writeUInt32LE(command, 1);
  head.writeUInt32LE(payload.length, 5);
  return Buffer.concat([head, payload]);
}

/** What a machine is to run. */
export interface Command {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** folder that it starts in */
  readonly cwd: string;
  /** path, in the machine, of its network namespace; empty for the machine's own */
  readonly netns: string;
  /** its cgroup below the machine's, `.` for that one itself. Virtual machines do not use it */
  readonly cgroup: string;
  /** what it reads on its standard input; undefined for /dev/null */
  readonly input: string | Uint8Array | undefined;
}

/** The payload that `command.c` reads. Throws BAD_COMMAND for no argument, and for a text with a zero byte, which no argument can hold. */
export function encodeCommand({ argv, env, cwd, netns, cgroup, input }: Command): Buffer {
  if (argv.length === 0) throw new HarnessError('BAD_COMMAND', 'run a command: its arguments are empty, name a program');
  const entries = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const texts = [cwd, netns, cgroup, `${argv.length}`, ...argv, `${entries.length}`, ...entries];
  const broken = texts.find((text) => text.includes('\0'));
  if (broken !== undefined) throw new HarnessError('BAD_COMMAND', `run ${argv[0]}: ${JSON.stringify(broken)} has a zero byte`);
  const head = Buffer.from([input === undefined ? 0 : 1]);
  return Buffer.concat([head, Buffer.from(texts.map((text) => `${text}\0`).join('')), Buffer.from(input ?? '')]);
}

/** Cuts a stream of bytes into frames, wherever its chunks end. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Frames that are whole with this chunk. */
  *take(chunk: Buffer): Generator<Frame> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= HEAD) {
      const end = HEAD + this.#rest.readUInt32LE(5);
      if (this.#rest.length < end) return;
      const [kind, command] = [this.#rest.toString('latin1', 0, 1), this.#rest.readUInt32LE(1)];
      yield { kind, command, payload: this.#rest.subarray(HEAD, end) };
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

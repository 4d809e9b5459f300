import { readSync, writeSync } from 'node:fs';
import { MAX_STDIN, type ProcessEdge } from './skel.ts';

/** Pause before a descriptor that was not ready is tried again, in milliseconds. */
const PAUSE_MS = 1;

/** The edge of this very process. Stdin and stdout are read and written in full, whether or not their descriptors block. */
export function processEdge(): ProcessEdge {
  return {
    env: process.env,
    readStdin: () => readAll(0),
    stdout: (text) => writeAll(1, text),
    stderr: (text) => writeQuietly(2, text),
  };
}

function readAll(fd: number): Uint8Array {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(16 * 1024);
    const length = patiently(() => readSync(fd, chunk));
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, length));
    size += length;
    if (size > MAX_STDIN) throw new Error(`it has more than ${MAX_STDIN} bytes`);
  }
}

function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += patiently(() => writeSync(fd, bytes, written));
}

/** Stderr is for people; that it is closed is no reason to fail. */
function writeQuietly(fd: number, text: string): void {
  try {
    writeAll(fd, text);
  } catch {
    // Nobody reads it.
  }
}

function patiently(io: () => number): number {
  for (;;) {
    try {
      return io();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}

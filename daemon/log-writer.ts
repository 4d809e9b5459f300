import { writeNow } from '../native/index.ts';

export interface LogWriterOptions {
  readonly fd: number;
  /** Bytes of lines that wait for the reader, at most. */
  readonly limit?: number;
  /** Milliseconds for which the end of the process waits for the reader, at most. */
  readonly patience?: number;
}

/** Lines about a crash find room that others do not: bytes beyond the limit. */
const RESERVE = 64 * 1024;
/** On a destination: pino tells it the level of each line. */
const METADATA: unique symbol = Symbol.for('pino.metadata');
/** pino's number of the level `error`. */
const ERROR = 50;
/** Milliseconds between two attempts while the reader does not read. */
const PAUSE_MS = 20;

/**
 * Lines to a descriptor whose reader may be slow or stopped (a full pipe, a stopped journald): writing never waits. What does not fit is held in
 * memory up to a limit, then lines are lost; the first line after a gap says how many. A line is out when `write` returns, unless others wait.
 */
export class LogWriter {
  readonly [METADATA] = true;
  lastLevel = 0;
  readonly #fd: number;
  readonly #limit: number;
  readonly #patience: number;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #lost = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor({ fd, limit = 1 << 20, patience = 1000 }: LogWriterOptions) {
    this.#fd = fd;
    this.#limit = limit;
    this.#patience = patience;
  }

  /** On standard error; the end of the process waits a second at most until what is held is out. */
  static standardError(): LogWriter {
    const writer = new LogWriter({ fd: 2 });
    process.on('exit', () => writer.flush());
    return writer;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    const room = this.#limit + (this.lastLevel >= ERROR ? RESERVE : 0) - this.#bytes;
    if (bytes.length > room) this.#lost += 1;
    else {
      this.#sayGap();
      this.#hold(bytes);
    }
    this.#drain();
  }

  /** Waits until everything is out, as long as it was told at most. For the end of the process. */
  flush(): void {
    const clock = new Int32Array(new SharedArrayBuffer(4));
    for (const end = performance.now() + this.#patience; !this.#writeHeld() && performance.now() < end; ) {
      Atomics.wait(clock, 0, 0, PAUSE_MS);
    }
  }

  #hold(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
  }

  #sayGap(): void {
    if (this.#lost === 0) return;
    const fields = { level: 'warn', time: new Date().toISOString(), lines: this.#lost, msg: 'log lines were lost: nobody read them' };
    this.#hold(Buffer.from(`${JSON.stringify(fields)}\n`));
    this.#lost = 0;
  }

  #drain(): void {
    if (this.#retry !== undefined || this.#writeHeld()) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#drain();
    }, PAUSE_MS).unref();
  }

  /** Writes what fits now; true when nothing is left. */
  #writeHeld(): boolean {
    let written = 0;
    while (written < this.#waiting.length && this.#writeOne(written)) written += 1;
    this.#waiting.splice(0, written);
    if (this.#waiting.length > 0) return false;
    if (this.#lost === 0) return true;
    this.#sayGap();
    return this.#writeHeld();
  }

  /** True when the line is out; what is left of it stays. */
  #writeOne(index: number): boolean {
    let rest = this.#waiting[index] ?? new Uint8Array();
    while (rest.length > 0) {
      const taken = this.#attempt(rest);
      this.#bytes -= taken;
      rest = rest.subarray(taken);
      this.#waiting[index] = rest;
      if (taken === 0) return false;
    }
    return true;
  }

  /** A reader that is gone (EPIPE) never comes back: its lines go nowhere. */
  #attempt(bytes: Uint8Array): number {
    try {
      return writeNow(this.#fd, bytes);
    } catch {
      return bytes.length;
    }
  }
}

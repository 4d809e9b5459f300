import { removeAll, writeWhole } from '../files.ts';

/** STATUS calls that are remembered: a node has one runtime, and few networks. */
const MOST_CALLS = 8;
/** A call of more bytes is not remembered; the launcher reads no more (plugin/launcher/published.c). */
const MOST_BYTES = 16 * 1024;

/** What a launcher sends, to the byte. */
export interface StatusCall {
  /** The variables as they came. */
  readonly environment: Uint8Array;
  readonly stdin: Uint8Array;
}

/**
 * STATUS calls that were answered without an error, published so that a launcher need not wait for a busy daemon: it answers a call that is in the file
 * itself. Each is judged anew whenever the file is written; a call of other bytes is never answered by it.
 */
export class StatusCache {
  readonly #path: string;
  readonly #calls = new Map<string, { readonly record: Uint8Array; readonly isHealthy: () => boolean }>();
  #published: Buffer | undefined;

  /** `path`: `Paths.statusCache`. */
  constructor(path: string) {
    this.#path = path;
  }

  /** `isHealthy`: whether the same call would still be answered without an error. */
  remember(call: StatusCall, isHealthy: () => boolean): void {
    const record = encodeStatusCall(call);
    if (record.length > MOST_BYTES) return;
    const key = record.toString('latin1');
    this.#calls.delete(key);
    this.#calls.set(key, { record, isHealthy });
    const [oldest] = this.#calls.keys();
    if (this.#calls.size > MOST_CALLS && oldest !== undefined) this.#calls.delete(oldest);
  }

  /** Writes the file if it would differ, and the first time: what is there then is an earlier daemon's. Throws when the kernel refuses. */
  publish(): void {
    const healthy = [...this.#calls.values()].filter(({ isHealthy }) => isHealthy());
    const bytes = Buffer.concat(healthy.map(({ record }) => record).sort(Buffer.compare));
    if (this.#published?.equals(bytes)) return;
    writeWhole(this.#path, bytes);
    this.#published = bytes;
  }

  /** Removes the file, which the next {@link publish} writes again. Throws when the kernel refuses. */
  withdraw(): void {
    this.#published = undefined;
    removeAll(this.#path);
  }
}

/** Two sizes in the machine's own order, then the bytes that have them. */
export function encodeStatusCall({ environment, stdin }: StatusCall): Buffer {
  const sizes = Uint32Array.of(environment.length, stdin.length);
  return Buffer.concat([new Uint8Array(sizes.buffer), environment, stdin]);
}

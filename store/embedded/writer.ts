import { StoreError } from '../errors.ts';
import type { KubeObject } from '../object.ts';
import type { Change, Committed } from '../objects/log.ts';
import type { Disk } from './disk.ts';
import { encodeRecord, type Row } from './journal.ts';
import type { State } from './state.ts';

export interface Commit {
  readonly key: string;
  /** the revision that the key must have; 0 when it must not exist */
  readonly expected: number;
  readonly object: KubeObject | undefined;
}

interface Waiting extends Commit {
  readonly resolve: (committed: Committed | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** A file is made anew when its writes outgrow its objects by this factor, or this size in bytes. */
const GROWTH = 2;
const LEAST_SIZE = 1024 * 1024;

/** Makes writes durable, one sync for all that have come during the one before, and then visible. */
export class Writer {
  readonly #state: State;
  readonly #disk: Disk;
  readonly #publish: (changes: readonly Change[]) => void;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  /** bytes of the file that count; 0 when the file must be made anew before the next write */
  #length: number;
  #limit: number;

  constructor(state: State, disk: Disk, length: number, publish: (changes: readonly Change[]) => void) {
    this.#state = state;
    this.#disk = disk;
    this.#length = length;
    this.#limit = Math.max(LEAST_SIZE, length * GROWTH);
    this.#publish = publish;
  }

  commit(commit: Commit): Promise<Committed | undefined> {
    const answer = new Promise<Committed | undefined>((resolve, reject) => this.#waiting.push({ ...commit, resolve, reject }));
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return answer;
  }

  async close(): Promise<void> {
    await this.#running;
    await this.#disk.close();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const accepted = this.#accept(this.#waiting.splice(0));
      if (accepted.length === 0) continue;
      try {
        await this.#persist(accepted.map(({ row }) => row));
      } catch (cause) {
        const error = new StoreError('ServiceUnavailable', `write the store: ${(cause as Error).message}`, { cause });
        for (const { waiting } of accepted) waiting.reject(error);
        continue;
      }
      this.#publish(accepted.map(({ row, waiting }) => this.#apply(row, waiting)));
    }
  }

  /** Those that fit the state and one another; the others are answered. */
  #accept(batch: readonly Waiting[]): { row: Row; waiting: Waiting }[] {
    const staged = new Map<string, number>();
    const accepted: { row: Row; waiting: Waiting }[] = [];
    for (const waiting of batch) {
      const { key, expected, object } = waiting;
      const found = staged.get(key) ?? this.#state.get(key)?.revision ?? 0;
      const revision = this.#state.revision + accepted.length + 1;
      if (found !== expected) waiting.resolve(undefined);
      else accepted.push({ row: { r: revision, k: key, ...(object && { o: object }) }, waiting });
      if (found === expected) staged.set(key, object === undefined ? 0 : revision);
    }
    return accepted;
  }

  #apply(row: Row, waiting: Waiting): Change {
    const change = this.#state.apply(row);
    waiting.resolve({ revision: row.r, ...(change.object && { object: change.object }) });
    return change;
  }

  async #persist(rows: readonly Row[]): Promise<void> {
    if (this.#length === 0 || this.#length > this.#limit) await this.#renew();
    try {
      const written = await this.#disk.write(encodeRecord(rows), this.#length);
      // After a failed sync nobody knows what is on the disk: the file is made anew.
      const before = this.#length;
      this.#length = 0;
      await this.#disk.sync();
      this.#length = before + written;
    } catch (error) {
      if (this.#length > 0) await this.#disk.truncate(this.#length).catch(() => this.#forget());
      throw error;
    }
  }

  #forget(): void {
    this.#length = 0;
  }

  /** A file without history: the next start knows of no change before it, so watches that resume from there get Expired. */
  async #renew(): Promise<void> {
    const content = this.#state.encode();
    try {
      await this.#disk.replace(content);
      this.#length = Buffer.byteLength(content);
      this.#limit = Math.max(LEAST_SIZE, this.#length * GROWTH);
    } catch (error) {
      if (this.#length === 0) throw error;
      this.#limit = this.#length * GROWTH;
    }
  }
}

import type { BurialCounts } from '../../conf/api/types.ts';
import type { GraceWindow } from '../datapath/expedite.ts';
import { messageOf } from '../failure.ts';
import type { Logger } from '../log.ts';
import { type Entry, keyFields } from './entry.ts';
import type { EndpointDatapath } from './ports.ts';

/** A batch begins when no burial has come for this long; soon after another batch, when none has come for three times as long. */
const QUIET_MS = 20;
const LONGER_QUIET_MS = 60;
/** How soon is soon. */
const SOON_MS = 100;
/**
 * A batch begins at latest this long after the first burial that it takes: so long may a drain keep addresses. And not earlier after a batch that
 * was for several: on a busy machine a drain's DELs come further apart than any quiet lasts.
 */
const LONGEST_MS = 250;
/** What the kernel or the disk refused is tried again after this time. */
const RETRY_MS = 1000;
/** The reaper's own window, beside those of endpoints, whose ids begin with 1. */
const WINDOW = 0;

export interface ReaperParts {
  readonly datapath: Pick<EndpointDatapath, 'reap'>;
  readonly window: GraceWindow;
  readonly log: Logger;
  /** The endpoint's device is gone: frees what it held. What this throws keeps the endpoint waiting. */
  readonly forget: (entry: Entry) => void;
}

/**
 * Deletes buried devices in batches, each in one expedited window: twenty cost the kernel little more than one. On an idle node a device is gone
 * some 50 ms after its DEL; while DELs come in numbers, a batch every quarter of a second takes them.
 */
export class Reaper {
  readonly #parts: ReaperParts;
  readonly #waiting = new Map<number, Entry>();
  readonly #failures = new Map<number, unknown>();
  #timer: NodeJS.Timeout | undefined;
  #deadline: number | undefined;
  #last = { began: Number.NEGATIVE_INFINITY, size: 0 };
  #running: Promise<void> = Promise.resolve();
  #batches = 0;
  #endpoints = 0;

  constructor(parts: ReaperParts) {
    this.#parts = parts;
  }

  get counts(): BurialCounts {
    return { endpoints: this.#endpoints, batches: this.#batches, waiting: this.#waiting.size };
  }

  /** Takes a buried endpoint over. */
  add(entry: Entry): void {
    this.#waiting.set(entry.record.endpoint.id, entry);
    const now = performance.now();
    this.#deadline ??= now + LONGEST_MS;
    this.#schedule(Math.max(0, Math.min(this.#quiet(now), this.#deadline - now)));
  }

  /** Tries at once all that wait; never throws. */
  reap(): Promise<void> {
    this.#running = this.#running.then(() => this.#batch());
    return this.#running;
  }

  /** Deletes what waits, and tries nothing again after that. */
  async close(): Promise<void> {
    await this.reap();
    clearTimeout(this.#timer);
  }

  /** Resolves when an endpoint that waits is gone. Throws what is in the way; then it is tried again later. */
  async gone(id: number): Promise<void> {
    await this.reap();
    if (this.#waiting.has(id)) throw this.#failures.get(id);
  }

  #quiet(now: number): number {
    const since = now - this.#last.began;
    if (this.#last.size > 1 && since < LONGEST_MS) return Math.max(QUIET_MS, LONGEST_MS - since);
    return since < SOON_MS ? LONGER_QUIET_MS : QUIET_MS;
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.reap(), delayMs);
    this.#timer.unref();
  }

  async #batch(): Promise<void> {
    clearTimeout(this.#timer);
    this.#deadline = undefined;
    const entries = [...this.#waiting.values()];
    if (entries.length === 0) return;
    const began = performance.now();
    this.#last = { began, size: entries.length };
    const failures = await this.#delete(entries);
    const gone = entries.filter((entry) => this.#settle(entry, failures.get(entry.record.endpoint.id))).length;
    const left = entries.length - gone;
    this.#batches += 1;
    this.#endpoints += gone;
    const durationMs = Math.round(performance.now() - began);
    this.#parts.log.info({ batch: this.#batches, endpoints: gone, left, durationMs }, 'deleted buried devices');
    if (left > 0 && this.#deadline === undefined) this.#schedule(RETRY_MS);
  }

  /** What went wrong, by id. */
  async #delete(entries: readonly Entry[]): Promise<ReadonlyMap<number, unknown>> {
    const { datapath, window } = this.#parts;
    const endpoints = entries.map(({ record }) => record.endpoint);
    window.open(WINDOW);
    try {
      return await datapath.reap(endpoints);
    } catch (error) {
      return new Map(endpoints.map(({ id }) => [id, error]));
    } finally {
      window.close(WINDOW);
    }
  }

  /** False when the endpoint has to wait for another batch. */
  #settle(entry: Entry, failure: unknown): boolean {
    const { id, ...endpoint } = entry.record.endpoint;
    try {
      if (failure !== undefined) throw failure;
      this.#parts.forget(entry);
      this.#waiting.delete(id);
      this.#failures.delete(id);
      return true;
    } catch (error) {
      this.#failures.set(id, error);
      this.#parts.log.error({ id, ...keyFields(endpoint), error: messageOf(error) }, 'deleting a buried device failed; it is tried again');
      return false;
    }
  }
}

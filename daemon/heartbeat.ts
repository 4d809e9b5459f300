import type { Health } from '../conf/api/types.ts';
import { BEAT_MS, type DaemonPhase } from '../conf/heartbeat.ts';
import type { StatusCache } from './cni/status-cache.ts';
import { messageOf } from './failure.ts';
import { removeAll, writeWhole } from './files.ts';
import type { InstanceLock } from './instance-lock.ts';
import type { Logger } from './log.ts';
import type { RunFolder } from './run-folder.ts';

/** Whose health is published. */
export interface Publisher {
  health(pool: string): Health;
  /** Names of the pools. */
  readonly pools: readonly string[];
}

export interface HeartbeatParts {
  readonly lock: Pick<InstanceLock, 'beat'>;
  /** Where the health is published; see `Paths.health`. */
  readonly healthPath: string;
  readonly statuses: Pick<StatusCache, 'publish' | 'withdraw'>;
  readonly runFolder: Pick<RunFolder, 'lost'>;
  /** Ends the daemon for a file that was removed or replaced, and without which it cannot be reached or seen. */
  readonly onLost: (file: string) => never;
  readonly log: Logger;
}

/**
 * Shows that the event loop turns: a heartbeat every second from its making until `close`, and beside it the health of every pool whenever that
 * has changed. Neither costs who reads it a word of the daemon.
 */
export class HeartbeatWriter {
  readonly #parts: HeartbeatParts;
  readonly #timer: NodeJS.Timeout;
  #phase: DaemonPhase = 'starting';
  #backend: Publisher | undefined;
  #published: string | undefined;
  readonly #failing = new Set<string>();

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#beat(), BEAT_MS).unref();
  }

  /** Calls are served from now on, by `backend`. */
  serve(backend: Publisher): void {
    this.#backend = backend;
    this.#phase = 'serving';
    this.#beat();
  }

  /** No more calls are taken from now on. */
  end(): void {
    this.#phase = 'ending';
    this.#beat();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** The health first: who reads `serving` finds that of this daemon, or none. */
  #beat(): void {
    const backend = this.#backend;
    if (this.#phase === 'serving' && backend !== undefined) {
      const lost = this.#parts.runFolder.lost;
      if (lost !== undefined) this.#parts.onLost(lost);
      if (!this.#try('publishing the health', () => this.#publish(backend))) this.#try('withdrawing the health', () => this.#withdraw());
    }
    this.#try('writing the heartbeat', () => this.#parts.lock.beat(this.#phase));
  }

  /** False when it failed, which is logged once until it succeeds. */
  #try(what: string, work: () => void): boolean {
    try {
      work();
      this.#failing.delete(what);
      return true;
    } catch (error) {
      if (!this.#failing.has(what)) this.#parts.log.error({ error: messageOf(error) }, `${what} failed, will retry`);
      this.#failing.add(what);
      return false;
    }
  }

  #publish(backend: Publisher): void {
    this.#parts.statuses.publish();
    const text = JSON.stringify(Object.fromEntries(backend.pools.map((name) => [name, backend.health(name)])));
    if (text === this.#published) return;
    writeWhole(this.#parts.healthPath, text);
    this.#published = text;
  }

  /** Removes what does not hold any more and cannot be replaced, on a full disk say. */
  #withdraw(): void {
    this.#published = undefined;
    this.#parts.statuses.withdraw();
    removeAll(this.#parts.healthPath);
  }
}

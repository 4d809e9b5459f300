import { BEAT_MS, type DaemonPhase } from '../conf/heartbeat.ts';
import type { Backend } from './api/backend.ts';
import type { StatusCache } from './cni/status-cache.ts';
import { messageOf } from './failure.ts';
import { writeWhole } from './files.ts';
import type { InstanceLock } from './instance-lock.ts';
import type { Logger } from './log.ts';

export interface HeartbeatParts {
  readonly lock: Pick<InstanceLock, 'beat'>;
  /** Where the health is published; see `Paths.health`. */
  readonly healthPath: string;
  readonly statuses: Pick<StatusCache, 'publish'>;
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
  #backend: Pick<Backend, 'health' | 'ipam'> | undefined;
  #published = '';
  #isFailing = false;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#beat(), BEAT_MS).unref();
  }

  /** Calls are served from now on, by `backend`. */
  serve(backend: Pick<Backend, 'health' | 'ipam'>): void {
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

  /** The health first: who reads `serving` finds that of this daemon. */
  #beat(): void {
    try {
      if (this.#phase === 'serving' && this.#backend !== undefined) this.#publish(this.#backend);
      this.#parts.lock.beat(this.#phase);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#parts.log.error({ error: messageOf(error) }, 'writing the heartbeat failed, will retry');
      this.#isFailing = true;
    }
  }

  #publish(backend: Pick<Backend, 'health' | 'ipam'>): void {
    const names = new Set(backend.ipam().pools.map(({ name }) => name));
    this.#parts.statuses.publish();
    const text = JSON.stringify(Object.fromEntries([...names].map((name) => [name, backend.health(name)])));
    if (text === this.#published) return;
    writeWhole(this.#parts.healthPath, text);
    this.#published = text;
  }
}

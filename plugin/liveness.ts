import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DaemonPhase, decodeHeartbeat, type Heartbeat, HUNG_MS, monotonicMs } from '../conf/heartbeat.ts';
import { isFileLocked } from '../native/file-lock.ts';

/**
 * What can be seen of the daemon without its help. `away`: no process holds its lock. `alive`: one does; silence then means load, or a start.
 * `hung`: one does, and its event loop has not turned for `silentMs` milliseconds.
 */
export type Liveness =
  | { readonly state: 'away' }
  | { readonly state: 'alive'; readonly phase: DaemonPhase }
  | { readonly state: 'hung'; readonly pid: number; readonly silentMs: number };

/** Pause between two looks at a heartbeat that is too old, in milliseconds: a daemon writes one right after it has taken the lock. */
const CONFIRM_MS = 50;

const AWAY: Liveness = { state: 'away' };

/** Looks at the daemon's lock and heartbeat, as often as its owner wants to know. */
export class LivenessProbe {
  readonly #path: string;
  #stale: Heartbeat | undefined;

  /** `path`: `Paths.lock`. */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * A heartbeat that is too old counts at the second look at the same one: a daemon that has just taken the lock finds the last one's heartbeat in the file.
   * A lock that cannot be read shows nothing, like a missing one.
   */
  look(): Liveness {
    const seen = this.#read();
    if (seen === undefined) return AWAY;
    const { heartbeat } = seen;
    if (heartbeat === undefined) return { state: 'alive', phase: 'starting' };
    const silentMs = monotonicMs() - heartbeat.atMs;
    const wasStale = this.#stale?.atMs === heartbeat.atMs;
    this.#stale = silentMs > HUNG_MS ? heartbeat : undefined;
    if (wasStale && this.#stale !== undefined) return { state: 'hung', pid: heartbeat.pid, silentMs };
    return { state: 'alive', phase: heartbeat.phase };
  }

  /** Looks a second time where one look does not tell. */
  async confirm(): Promise<Liveness> {
    const first = this.look();
    if (this.#stale === undefined || first.state === 'hung') return first;
    await sleep(CONFIRM_MS);
    return this.look();
  }

  #read(): { heartbeat: Heartbeat | undefined } | undefined {
    try {
      return isFileLocked(this.#path) ? { heartbeat: decodeHeartbeat(readFileSync(this.#path, 'utf8')) } : undefined;
    } catch {
      return undefined;
    }
  }
}

/** The message for a daemon that is hung. */
export function hungMessage({ pid, silentMs }: Extract<Liveness, { state: 'hung' }>): string {
  return `axoneme daemon (pid ${pid}) is alive but has made no progress for ${Math.round(silentMs / 1000)} s`;
}

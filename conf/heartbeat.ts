/**
 * What a daemon writes into `Paths.lock` every second while it holds that file's lock: one line of text, `PID MILLISECONDS PHASE`, padded to one
 * size so that each write replaces the whole. The launcher reads it too (plugin/launcher/liveness.c).
 */
export interface Heartbeat {
  /** Of the daemon, as it sees itself. */
  readonly pid: number;
  /** CLOCK_MONOTONIC (clock_gettime(2)) in whole milliseconds. */
  readonly atMs: number;
  readonly phase: DaemonPhase;
}

/** `starting`: it serves nothing yet. `serving`: it serves calls. `ending`: it takes no more calls. */
export type DaemonPhase = 'starting' | 'serving' | 'ending';

/** Pause between two heartbeats, in milliseconds. */
export const BEAT_MS = 1000;

/**
 * A living daemon whose last heartbeat is older than this, in milliseconds, counts as hung. One that is held to a twentieth of a processor
 * under load beats every few seconds.
 */
export const HUNG_MS = 30_000;

/** Bytes of a heartbeat. */
const SIZE = 64;

/** Now, in the unit of `Heartbeat.atMs`. */
export function monotonicMs(): number {
  return Math.floor(Number(process.hrtime.bigint()) / 1e6);
}

export function encodeHeartbeat({ pid, atMs, phase }: Heartbeat): string {
  return `${`${pid} ${atMs} ${phase}`.padEnd(SIZE - 1)}\n`;
}

/**
 * Undefined for text that does not begin with a heartbeat: a daemon that has just locked a new file has written none yet. What others appended
 * says nothing.
 */
export function decodeHeartbeat(text: string): Heartbeat | undefined {
  const [, pid, atMs, phase] = /^(\d+) (\d+) (starting|serving|ending) *\n$/.exec(text.slice(0, SIZE)) ?? [];
  return phase === undefined ? undefined : { pid: Number(pid), atMs: Number(atMs), phase: phase as DaemonPhase };
}

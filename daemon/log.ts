import { type Logger as Pino, pino } from 'pino';

/** What the daemon's parts need of a logger: pino's calling convention, fields first. */
export type Logger = Pick<Pino, 'debug' | 'info' | 'warn' | 'error'>;

/** Log levels of `--log-level`. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/**
 * JSON lines on stderr, one event each: `time` (ISO 8601), `level` (a word), `msg`, and flat fields. Written synchronously, so that the
 * line about a crash is out before the process is.
 */
export function createLogger(level: LogLevel): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** A logger that says nothing, for tests. */
export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;

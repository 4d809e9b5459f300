import { type DestinationStream, type Logger as Pino, pino } from 'pino';

/** What the daemon's parts need of a logger: pino's calling convention, fields first. */
export type Logger = Pick<Pino, 'debug' | 'info' | 'warn' | 'error'>;

/** Log levels of `--log-level`. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/**
 * JSON lines, one event each: `time` (ISO 8601), `level` (a word), `msg`, and flat fields. The writer never waits for a reader, and a line is out
 * before the next statement unless the reader is behind.
 */
export function createLogger(level: LogLevel, writer: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    writer,
  );
}

/** A logger that says nothing, for tests. */
export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;

import type { ApiErrorCode } from '../conf/api/types.ts';

/**
 * A refusal or failure that the API answers with. `code` is what programs match; the message begins with a verb phrase, in lower case,
 * and names its subject and value.
 */
export class DomainError extends Error {
  readonly code: ApiErrorCode;
  /** More for people: the cause chain, or what to do. */
  readonly details: string | undefined;

  constructor(code: ApiErrorCode, message: string, options: { details?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DomainError';
    this.code = code;
    this.details = options.details;
  }
}

/** The daemon cannot start or go on; `main` prints the message without a stack and ends with status 1. */
export class StartError extends Error {
  readonly code = 'START';

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StartError';
  }
}

/** The text of anything thrown, with the messages of its causes: `write record 7: rename: no space left on device`. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message === '' ? error.name : error.message;
  return error.cause === undefined ? own : `${own}: ${messageOf(error.cause)}`;
}

/** True for an error of the file system or kernel with this errno name, whichever layer threw it. */
export function hasErrno(error: unknown, ...names: readonly string[]): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, errnoName } = error as { code?: unknown; errnoName?: unknown };
  return names.some((name) => code === name || errnoName === name);
}

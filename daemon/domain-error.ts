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

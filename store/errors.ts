import type { Resource } from './object.ts';

/** Kubernetes' reasons with the HTTP status of each. */
export const reasons = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServerTimeout: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

export type Reason = keyof typeof reasons;

/** One of several problems of an object: `field` is its path, such as `spec.ipv4.maskSize`. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export interface StoreErrorDetails {
  readonly retryAfterSeconds?: number;
  readonly causes?: readonly StatusCause[];
  readonly cause?: unknown;
}

/** A refusal or failure of a store. Match `reason`. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly reason: Reason;
  /** the HTTP status that goes with the reason */
  readonly status: number;
  /** how long the store asks to wait, in seconds */
  readonly retryAfterSeconds: number | undefined;
  readonly causes: readonly StatusCause[];

  constructor(reason: Reason, message: string, { retryAfterSeconds, causes = [], cause }: StoreErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.status = reasons[reason];
    this.retryAfterSeconds = retryAfterSeconds;
    this.causes = causes;
  }
}

/** True for a StoreError with one of the reasons. */
export function hasReason(error: unknown, ...wanted: readonly Reason[]): error is StoreError {
  return error instanceof StoreError && wanted.includes(error.reason);
}

/** True when a watch or a page cannot continue and the reader must list again. */
export function isTooOld(error: unknown): boolean {
  return hasReason(error, 'Expired', 'Gone');
}

/** `pods "default/a"`, `ciliumnodes.cilium.io "n1"`: how messages name an object. */
export function describe({ plural, group }: Resource, name: string): string {
  return `${plural}${group === '' ? '' : `.${group}`} "${name}"`;
}

export function notFound(resource: Resource, name: string): StoreError {
  return new StoreError('NotFound', `${describe(resource, name)} not found`);
}

export function alreadyExists(resource: Resource, name: string): StoreError {
  return new StoreError('AlreadyExists', `${describe(resource, name)} already exists`);
}

export function conflict(resource: Resource, name: string, why: string): StoreError {
  return new StoreError('Conflict', `operation cannot be fulfilled on ${describe(resource, name)}: ${why}`);
}

export function invalid(resource: Resource, name: string, causes: readonly StatusCause[]): StoreError {
  const list = causes.map(({ field, message }) => (field === undefined ? message : `${field}: ${message}`)).join('; ');
  return new StoreError('Invalid', `${describe(resource, name)} is invalid: ${list}`, { causes });
}

import { type Reason, reasons, type StatusCause, StoreError } from '../errors.ts';

/** Kubernetes' Status, as far as it comes. */
interface Status {
  readonly kind?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
  readonly details?: { readonly retryAfterSeconds?: number; readonly causes?: readonly StatusCause[] };
}

const byCode: Readonly<Record<number, Reason>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  502: 'ServiceUnavailable',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/**
 * The error that an answer means.
 * @param operation such as `GET /api/v1/pods`
 * @param status a Status, or whatever came in its place
 * @param code HTTP's, where there is one
 */
export function errorOfStatus(operation: string, status: unknown, code?: number, retryAfter?: number): StoreError {
  const { kind, reason = '', message, code: own, details } = (typeof status === 'object' && status !== null ? status : {}) as Status;
  const known = kind === 'Status' && Object.hasOwn(reasons, reason) ? (reason as Reason) : undefined;
  const causes = details?.causes ?? [];
  // A watch from a version that the server has not reached: its history is another one.
  const isAhead = causes.some((cause) => cause.reason === 'ResourceVersionTooLarge');
  const seconds = details?.retryAfterSeconds ?? retryAfter;
  const words = message ?? `HTTP status ${code ?? own ?? 'unknown'}`;
  return new StoreError(isAhead ? 'Expired' : (known ?? byCode[code ?? own ?? 500] ?? 'InternalError'), `${operation}: ${words}`, {
    causes,
    ...(seconds !== undefined && { retryAfterSeconds: seconds }),
  });
}

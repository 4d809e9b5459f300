import { type ServiceError, status } from '@grpc/grpc-js';
import { type Reason, StoreError } from '../errors.ts';

/** What etcd's words mean, where the status alone does not say; https://github.com/etcd-io/etcd/blob/main/api/v3rpc/rpctypes/error.go */
const byMessage: readonly (readonly [RegExp, Reason, string?])[] = [
  [/required revision has been compacted|required revision is a future revision/, 'Expired'],
  [
    /database space exceeded/,
    'ServiceUnavailable',
    ' (compact and defragment etcd, or raise --quota-backend-bytes, then disarm the alarm)',
  ],
  [/too many requests/, 'TooManyRequests'],
  [/request is too large/, 'RequestEntityTooLarge'],
  [/authentication failed|invalid auth token|user name is empty/, 'Unauthorized'],
  [/permission denied/, 'Forbidden'],
];

const byStatus: Readonly<Record<number, Reason>> = {
  [status.UNAVAILABLE]: 'ServiceUnavailable',
  [status.CANCELLED]: 'ServiceUnavailable',
  [status.DEADLINE_EXCEEDED]: 'Timeout',
  [status.UNAUTHENTICATED]: 'Unauthorized',
  [status.PERMISSION_DENIED]: 'Forbidden',
  [status.OUT_OF_RANGE]: 'Expired',
};

/** @param operation such as `etcd range https://10.0.0.1:2379` */
export function storeErrorOf(operation: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { code, details, message } = error as Partial<ServiceError>;
  const words = details || message || String(error);
  const [, reason = byStatus[code ?? -1] ?? 'InternalError', hint = ''] = byMessage.find(([pattern]) => pattern.test(words)) ?? [];
  return new StoreError(reason, `${operation}: ${words}${hint}`, {
    cause: error,
    ...(reason === 'TooManyRequests' && { retryAfterSeconds: 1 }),
  });
}

/** True when another member, or the same one a little later, may answer. */
export function isTransient(error: unknown): boolean {
  const { code, details = '' } = error as Partial<ServiceError>;
  return (code === status.UNAVAILABLE && !/database space/.test(details)) || code === status.DEADLINE_EXCEEDED;
}

/** True when the token is no longer good: etcd forgets tokens when they age, when it restarts and when its users change. */
export function needsLogin(error: unknown): boolean {
  const { code, details = '' } = error as Partial<ServiceError>;
  return code === status.UNAUTHENTICATED || /invalid auth token|revision of auth store is old|user name is empty/.test(details);
}

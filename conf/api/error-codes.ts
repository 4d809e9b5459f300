/** Why the daemon refuses; mapped to CNI codes in `conf/cni/errors.ts`. The list is here once, for types, schemas and the client. */
export const apiErrorCodes = [
  'bad-request',
  'not-found',
  'exists',
  'busy',
  'pool-exhausted',
  'pool-unknown',
  'address-unavailable',
  'starting',
  'internal',
] as const;

export type ApiErrorCode = (typeof apiErrorCodes)[number];

/**
 * Why an address was refused. The first three go to the API as they are (`conf/api/types.ts`, `ApiErrorCode`);
 * `invalid-config` is thrown by constructors only: the pools contradict each other or themselves.
 */
export type IpamErrorCode = 'pool-exhausted' | 'pool-unknown' | 'address-unavailable' | 'invalid-config';

/** The one error of this folder. Match `code`; `message` is for people and names the address, the pool and the reason. */
export class IpamError extends Error {
  override readonly name = 'IpamError';
  readonly code: IpamErrorCode;

  constructor(code: IpamErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

import { HarnessError } from '../errors.ts';
import type { Json } from './network.ts';

/** A result of ADD (CNI specification 1.1.0, section 5, "Success"), with the fields that its version knows. */
export interface Result extends Json {
  readonly cniVersion?: string;
  readonly interfaces?: readonly ResultInterface[];
  readonly ips?: readonly ResultIp[];
  readonly routes?: readonly ResultRoute[];
  readonly dns?: Json;
}

export interface ResultInterface extends Json {
  readonly name: string;
  readonly mac?: string;
  readonly mtu?: number;
  /** path of the namespace; absent for an interface of the node */
  readonly sandbox?: string;
}

export interface ResultIp extends Json {
  /** with prefix length */
  readonly address: string;
  readonly gateway?: string;
  /** index into interfaces */
  readonly interface?: number;
}

export interface ResultRoute extends Json {
  readonly dst: string;
  readonly gw?: string;
}

/** What a plugin wrote that is not a result. */
export function badResult(what: string, options?: ErrorOptions): HarnessError {
  return new HarnessError('BAD_RESULT', `read result: ${what}`, options);
}

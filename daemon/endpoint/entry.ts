import type { AttachmentKey } from '../../conf/api/types.ts';
import { DomainError } from '../domain-error.ts';
import { keyOf } from './identity.ts';
import type { Claim } from './ports.ts';
import type { EndpointRecord } from './record.ts';

/** An endpoint in memory: its record, and the client that an unfinished ADD or DEL belongs to. */
export interface Entry {
  record: EndpointRecord;
  /** When its ADD came, by `performance.now()`; absent for one of an earlier life. */
  readonly since?: number;
  claim?: Claim | undefined;
  withdraw?: (() => void) | undefined;
}

/** True when another living client holds the endpoint. */
export function isClaimedByAnother(entry: Entry, claim: Claim | undefined): boolean {
  return entry.claim?.alive === true && entry.claim !== claim;
}

/** The refusal of a call for an attachment on which somebody else works. */
export function busy(key: AttachmentKey, entry: Entry): DomainError {
  const verb = entry.record.endpoint.state === 'disconnecting' ? 'DEL' : 'ADD';
  return new DomainError('busy', `change endpoint for ${keyOf(key)}: another ${verb} of this attachment is under way`);
}

/** The attachment alone, for lines of the log. */
export function keyFields(key: AttachmentKey): AttachmentKey {
  return { containerId: key.containerId, ifname: key.ifname };
}

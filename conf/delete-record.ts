import type { AttachmentKey } from './api/types.ts';
import { Reader } from './cni/reader.ts';
import type { BootTime, Moment } from './moment.ts';
import { hostIfname } from './names.ts';

/**
 * A DEL that came while the daemon was away: one JSON file in `Paths.deleteQueue`, written to a `.tmp` name first and renamed, so that a
 * `.json` file is always whole. The plugin has removed device and pins by then; what is left is the daemon's: maps, addresses, record.
 * At start, and whenever the folder changes, the daemon replays the records in the order in which they were queued and removes each file. It leaves an
 * endpoint alone that was made after the DEL.
 */
export interface DeleteRecord extends AttachmentKey {
  /** Layout of the record. */
  readonly version: 1;
  /** ISO 8601, of the node's clock. */
  readonly queuedAt: string;
  /** The same by a clock that nobody can set. Absent in what older versions wrote; they pass over it. */
  readonly queuedOn?: BootTime;
}

/** When the DEL came. */
export function queuedMoment({ queuedAt, queuedOn }: DeleteRecord): Moment {
  return { wall: queuedAt, boot: queuedOn };
}

/** One file per attachment: a second DEL replaces the first one's record. */
export function deleteRecordName(key: AttachmentKey): string {
  return `${hostIfname(key)}.json`;
}

/** Reads a record's JSON value. Errors: CniError `decode-failure` with the path of the value that is wrong. */
export function parseDeleteRecord(value: unknown): DeleteRecord {
  const reader = new Reader(value, 'delete record');
  const version = reader.required('version', 'number');
  if (version !== 1) throw reader.fail('version', version, 'is not a layout that axoneme knows');
  const queuedOn = reader.optional('queuedOn', 'object') && reader.child('queuedOn');
  return {
    version,
    containerId: reader.required('containerId', 'string'),
    ifname: reader.required('ifname', 'string'),
    queuedAt: reader.required('queuedAt', 'string'),
    ...(queuedOn && { queuedOn: { bootId: queuedOn.required('bootId', 'string'), us: queuedOn.required('us', 'number') } }),
  };
}

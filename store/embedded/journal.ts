import { crc32 } from 'node:zlib';
import { StoreError } from '../errors.ts';

/*
 * The file of an embedded store: lines of `CRC JSON`, the CRC-32 of the JSON's bytes in eight hexadecimal digits. The first line is the header, then come
 * the objects that existed when the file was made, then a line per sync with the writes that it made durable. So a crash can only tear the last line, of
 * which nothing was acknowledged.
 */

/** `revision` is the one that the objects after it are the state of. */
export interface Header {
  readonly format: 'axoneme-store/1';
  readonly revision: number;
}

/** A write: `r` its revision, `k` the key, `o` the object unless it was deleted. */
export interface Row {
  readonly r: number;
  readonly k: string;
  readonly o?: object;
}

const CRC_LENGTH = 8;

export function encodeRecord(record: Header | readonly Row[]): string {
  const json = JSON.stringify(record);
  return `${crcOf(json)} ${json}\n`;
}

export interface Journal {
  readonly header: Header | undefined;
  readonly rows: readonly Row[];
  /** bytes that are good; what follows is a torn write */
  readonly length: number;
}

/** Reads a whole file. Throws InternalError when a record is damaged that was acknowledged, with its offset. */
export function decodeJournal(path: string, bytes: Buffer): Journal {
  const records: (Header | readonly Row[])[] = [];
  let at = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, at)) {
    const record = decodeRecord(bytes.subarray(at, end));
    if (record === undefined && bytes.indexOf(10, end + 1) !== -1) {
      throw new StoreError(
        'InternalError',
        `read ${path}: damaged record at byte ${at} (restore the file, or remove it to begin with an empty store)`,
      );
    }
    if (record === undefined) break;
    records.push(record);
    at = end + 1;
  }
  return { ...parts(path, records), length: at };
}

function parts(path: string, [first, ...rest]: readonly (Header | readonly Row[])[]): Pick<Journal, 'header' | 'rows'> {
  if (first === undefined) return { header: undefined, rows: [] };
  if (!('format' in first) || first.format !== 'axoneme-store/1') {
    throw new StoreError('InternalError', `read ${path}: not a store of this version (a newer axoneme may have written it)`);
  }
  return { header: first, rows: (rest as Row[][]).flat() };
}

function decodeRecord(line: Buffer): Header | readonly Row[] | undefined {
  const json = line.subarray(CRC_LENGTH + 1).toString();
  if (line.subarray(0, CRC_LENGTH).toString() !== crcOf(json)) return undefined;
  return JSON.parse(json);
}

function crcOf(json: string): string {
  return crc32(json).toString(16).padStart(CRC_LENGTH, '0');
}

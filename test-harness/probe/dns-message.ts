/** DNS messages (RFC 1035, section 4; AAAA: RFC 3596), as far as a probe needs them: one question, its answers. */

/** Record types by number (IANA, DNS parameters). */
export const recordTypes = { A: 1, CNAME: 5, PTR: 12, TXT: 16, AAAA: 28 } as const;
export type RecordType = keyof typeof recordTypes;

/** RCODE by name, RFC 1035 section 4.1.1. */
const codes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const;

const HEADER = 12;
const CLASS_IN = 1;

export interface DnsQuestion {
  readonly id: number;
  readonly name: string;
  readonly type: RecordType | undefined;
}

export interface DnsAnswer {
  readonly id: number;
  /** `NOERROR`, `NXDOMAIN`, ..., or the number */
  readonly code: string;
  /** addresses, names and texts of the records of the wanted type, in order */
  readonly records: readonly string[];
}

/** A recursive query with one question. */
export function encodeQuestion(id: number, name: string, type: RecordType): Uint8Array {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(0x0100, 2); // RD
  header.writeUInt16BE(1, 4);
  return Buffer.concat([header, question(name, recordTypes[type])]);
}

/** Reads a query; undefined when it is none with a question. */
export function decodeQuestion(bytes: Uint8Array): DnsQuestion | undefined {
  const message = Buffer.from(bytes);
  if (message.length < HEADER + 5 || message.readUInt16BE(4) === 0) return undefined;
  const { name, next } = readName(message, HEADER);
  const number = message.readUInt16BE(next);
  const type = (Object.keys(recordTypes) as RecordType[]).find((key) => recordTypes[key] === number);
  return { id: message.readUInt16BE(0), name, type };
}

/** The answer to a question: NOERROR with the records (time to live 0), or NXDOMAIN when `records` is undefined. */
export function encodeAnswer(asked: DnsQuestion, records: readonly string[] | undefined): Uint8Array {
  const type = asked.type ?? 'TXT';
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(asked.id, 0);
  header.writeUInt16BE(0x8580 | (records === undefined ? 3 : 0), 2); // QR, AA, RD, RA
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records?.length ?? 0, 6);
  const rows = (records ?? []).map((record) => {
    const data = encodeData(type, record);
    const fixed = Buffer.alloc(12);
    fixed.writeUInt16BE(0xc000 | HEADER, 0); // a pointer to the question's name
    fixed.writeUInt16BE(recordTypes[type], 2);
    fixed.writeUInt16BE(CLASS_IN, 4);
    fixed.writeUInt16BE(data.length, 10);
    return Buffer.concat([fixed, data]);
  });
  return Buffer.concat([header, question(asked.name, recordTypes[type]), ...rows]);
}

/** Reads an answer and keeps the records of one type. Throws RangeError when the message is cut short. */
export function decodeAnswer(bytes: Uint8Array, wanted: RecordType): DnsAnswer {
  const message = Buffer.from(bytes);
  let at = HEADER;
  for (let i = message.readUInt16BE(4); i > 0; i -= 1) at = readName(message, at).next + 4;
  const records: string[] = [];
  for (let i = message.readUInt16BE(6); i > 0; i -= 1) {
    const { next } = readName(message, at);
    const size = message.readUInt16BE(next + 8);
    if (message.readUInt16BE(next) === recordTypes[wanted]) records.push(readData(message, next + 10, size, wanted));
    at = next + 10 + size;
  }
  const code = message.readUInt16BE(2) & 0xf;
  return { id: message.readUInt16BE(0), code: codes[code] ?? `${code}`, records };
}

function question(name: string, type: number): Buffer {
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(type, 0);
  tail.writeUInt16BE(CLASS_IN, 2);
  return Buffer.concat([encodeName(name), tail]);
}

/** Labels of at most 63 bytes, each behind its length, closed by an empty one. Throws RangeError for one that is longer. */
function encodeName(name: string): Buffer {
  const labels = name.split('.').filter(Boolean);
  const parts = labels.map((label) => {
    const bytes = Buffer.from(label);
    if (bytes.length > 63) throw new RangeError(`encode DNS name ${name}: label ${label} is longer than 63 bytes`);
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}

/** Follows compression pointers (section 4.1.4), each of which must lead backwards, so that it ends. */
function readName(message: Buffer, start: number): { name: string; next: number } {
  const labels: string[] = [];
  let at = start;
  let next: number | undefined;
  for (let length = message.readUInt8(at); length !== 0; length = message.readUInt8(at)) {
    if ((length & 0xc0) === 0xc0) {
      const target = message.readUInt16BE(at) & 0x3fff;
      if (target >= at) throw new RangeError(`decode DNS name at byte ${at}: its pointer does not lead backwards`);
      next ??= at + 2;
      at = target;
      continue;
    }
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.'), next: next ?? at + 1 };
}

function encodeData(type: RecordType, record: string): Buffer {
  if (type === 'A') return Buffer.from(record.split('.').map(Number));
  if (type === 'AAAA') return Buffer.from(expandIpv6(record), 'hex');
  if (type === 'TXT') return Buffer.concat([Buffer.from([record.length]), Buffer.from(record, 'latin1')]);
  return encodeName(record);
}

function readData(message: Buffer, at: number, size: number, type: RecordType): string {
  const data = message.subarray(at, at + size);
  if (data.length < size) throw new RangeError(`decode DNS record at byte ${at}: it is cut short`);
  if (type === 'A') return data.join('.');
  if (type === 'AAAA') return new URL(`http://[${data.toString('hex').replace(/(....)(?!$)/g, '$1:')}]/`).hostname.slice(1, -1);
  if (type === 'TXT') return data.toString('latin1', 1);
  return readName(message, at).name;
}

/** The 32 hexadecimal digits of an IPv6 address. */
function expandIpv6(address: string): string {
  const [head = '', tail = ''] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const middle = new Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...middle, ...right].map((group) => group.padStart(4, '0')).join('');
}

/**
 * As much of Protocol Buffers as the CRI needs: varints, strings, bytes, maps of strings, messages, and lists of these.
 * Format: https://protobuf.dev/programming-guides/encoding/. Fields that a shape does not name are passed over.
 */

/** What a field holds on the wire: a number (wire type 0) or bytes (wire type 2). */
type Wire = bigint | Buffer;

/** One field of a message; `T` is what a program sees of it. */
export interface Field<T> {
  readonly number: number;
  /** what a message that lacks the field says */
  readonly empty: T;
  /** the field on the wire, once per element; nothing for what is empty */
  write(value: T): Wire[];
  /** takes one occurrence in */
  read(before: T, wire: Wire): T;
}

/** The fields of a message by name. */
export type Shape = Readonly<Record<string, Field<unknown>>>;

/** A message of a shape, any of its fields left out. */
export type Message<S extends Shape> = { readonly [K in keyof S]?: S[K] extends Field<infer T> ? T : never };

const bytesOf = (wire: Wire): Buffer => (typeof wire === 'bigint' ? Buffer.alloc(0) : wire);

export function text(number: number): Field<string> {
  return { number, empty: '', write: (value) => (value === '' ? [] : [Buffer.from(value)]), read: (_, wire) => bytesOf(wire).toString() };
}

/** An integer of any width, or a member of an enum; up to 2^53. */
export function integer(number: number): Field<number> {
  return { number, empty: 0, write: (value) => (value === 0 ? [] : [BigInt(value)]), read: (_, wire) => Number(wire) };
}

export function flag(number: number): Field<boolean> {
  return { number, empty: false, write: (value) => (value ? [1n] : []), read: (_, wire) => wire !== 0n };
}

export function message<S extends Shape>(number: number, shape: S): Field<Message<S> | undefined> {
  return {
    number,
    empty: undefined,
    write: (value) => (value === undefined ? [] : [encode(shape, value)]),
    read: (_, wire) => decode(shape, bytesOf(wire)),
  };
}

/** A field that may occur several times. */
export function list<T>(element: Field<T>): Field<readonly Exclude<T, undefined>[]> {
  const { number, empty } = element;
  return {
    number,
    empty: [],
    write: (values) => values.flatMap((value) => element.write(value)),
    read: (before, wire) => [...before, element.read(empty, wire) as Exclude<T, undefined>],
  };
}

/** A map of strings: on the wire a list of messages with the key in field 1 and the value in field 2. */
export function map(number: number): Field<Readonly<Record<string, string>>> {
  const entry = { key: text(1), value: text(2) };
  return {
    number,
    empty: {},
    write: (values) => Object.entries(values).map(([key, value]) => encode(entry, { key, value })),
    read: (before, wire) => {
      const { key = '', value = '' } = decode(entry, bytesOf(wire));
      return { ...before, [key]: value };
    },
  };
}

export function encode<S extends Shape>(shape: S, value: Message<S>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, field] of Object.entries(shape)) {
    if (value[name] === undefined) continue;
    for (const wire of field.write(value[name])) {
      if (typeof wire === 'bigint') parts.push(varint(BigInt(field.number << 3)), varint(wire));
      else parts.push(varint(BigInt((field.number << 3) | 2)), varint(BigInt(wire.length)), wire);
    }
  }
  return Buffer.concat(parts);
}

/** Every field of the shape is there in what it returns; one that was not sent is empty. Throws RangeError for a message cut short. */
export function decode<S extends Shape>(shape: S, bytes: Buffer): Message<S> {
  const fields = Object.entries(shape);
  const result: Record<string, unknown> = Object.fromEntries(fields.map(([name, { empty }]) => [name, empty]));
  for (const [number, wire] of occurrences(bytes)) {
    const [name, field] = fields.find(([, candidate]) => candidate.number === number) ?? [];
    if (name !== undefined && field !== undefined) result[name] = field.read(result[name], wire);
  }
  return result as Message<S>;
}

/** The fields of a message in their order. Wire types 1 and 5 are fixed-width numbers, which no message here has and all pass over. */
function* occurrences(bytes: Buffer): Generator<[number: number, wire: Wire]> {
  let offset = 0;
  const number = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(offset++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    if (offset + length > bytes.length) throw new RangeError(`decode message: ${length} bytes at ${offset} of ${bytes.length}`);
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  const widths: Readonly<Record<number, () => Wire>> = { 0: number, 1: () => take(8), 2: () => take(Number(number())), 5: () => take(4) };
  while (offset < bytes.length) {
    const tag = Number(number());
    const read = widths[tag & 7];
    if (read === undefined) throw new RangeError(`decode message: wire type ${tag & 7} at ${offset}`);
    yield [tag >>> 3, read()];
  }
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    if (rest < 0x80n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

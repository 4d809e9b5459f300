import { isLittleEndian } from './endian.ts';

/**
 * Byte layouts of map keys, values and events. The generated layouts say with these words what the C structs say; addresses and MACs are
 * bytes, 64-bit numbers bigint, network-order fields `be16`/`be32`, everything else in the processor's order.
 */
export interface Layout<T> {
  /** Name of the C struct, for errors. */
  readonly name?: string;
  /** Bytes. */
  readonly size: number;
  /** Throws RangeError for a number or length that does not fit. Padding is written as zero. */
  encode(value: T): Uint8Array;
  /** Throws RangeError unless there are exactly `size` bytes. */
  decode(bytes: Uint8Array): T;
}

/** One member of a struct. Offsets in bytes from the struct's start. */
export interface Field<T> {
  readonly offset: number;
  readonly size: number;
  write(view: DataView, value: T): void;
  read(view: DataView): T;
}

/** Padding: always zero, and no property of the value. */
export interface Padding extends Field<never> {
  readonly padding: true;
}

// biome-ignore lint/suspicious/noExplicitAny: a struct's members have each their own type; `never` would refuse them all.
type Members = Readonly<Record<string, Field<any>>>;

/** The TypeScript value of a struct: its members without the padding. */
export type ValueOf<F extends Members> = {
  -readonly [K in keyof F as F[K] extends Padding ? never : K]: F[K] extends Field<infer T> ? T : never;
};

/** The value type of a layout. */
export type LayoutValue<L> = L extends Layout<infer T> ? T : never;

type Setter<T> = (view: DataView, offset: number, value: T) => void;
type Getter<T> = (view: DataView, offset: number) => T;

function integer(size: number, min: number, max: number, set: Setter<number>, get: Getter<number>): (offset: number) => Field<number> {
  return (offset) => ({
    offset,
    size,
    write(view, value) {
      if (!Number.isInteger(value) || value < min || value > max) throw new RangeError(`${value} is no integer from ${min} to ${max}`);
      set(view, offset, value);
    },
    read: (view) => get(view, offset),
  });
}

function big(min: bigint, max: bigint, set: Setter<bigint>, get: Getter<bigint>): (offset: number) => Field<bigint> {
  return (offset) => ({
    offset,
    size: 8,
    write(view, value) {
      if (typeof value !== 'bigint' || value < min || value > max) throw new RangeError(`${value} is no bigint from ${min} to ${max}`);
      set(view, offset, value);
    },
    read: (view) => get(view, offset),
  });
}

const LE = isLittleEndian;
const U16 = 0xffff;
const U32 = 0xffffffff;
const U64 = (1n << 64n) - 1n;
const I64 = 1n << 63n;

export const u8 = integer(
  1,
  0,
  0xff,
  (v, o, n) => v.setUint8(o, n),
  (v, o) => v.getUint8(o),
);
export const u16 = integer(
  2,
  0,
  U16,
  (v, o, n) => v.setUint16(o, n, LE),
  (v, o) => v.getUint16(o, LE),
);
export const u32 = integer(
  4,
  0,
  U32,
  (v, o, n) => v.setUint32(o, n, LE),
  (v, o) => v.getUint32(o, LE),
);
export const i8 = integer(
  1,
  -0x80,
  0x7f,
  (v, o, n) => v.setInt8(o, n),
  (v, o) => v.getInt8(o),
);
export const i16 = integer(
  2,
  -0x8000,
  0x7fff,
  (v, o, n) => v.setInt16(o, n, LE),
  (v, o) => v.getInt16(o, LE),
);
export const i32 = integer(
  4,
  -0x80000000,
  0x7fffffff,
  (v, o, n) => v.setInt32(o, n, LE),
  (v, o) => v.getInt32(o, LE),
);
export const be16 = integer(
  2,
  0,
  U16,
  (v, o, n) => v.setUint16(o, n, false),
  (v, o) => v.getUint16(o, false),
);
export const be32 = integer(
  4,
  0,
  U32,
  (v, o, n) => v.setUint32(o, n, false),
  (v, o) => v.getUint32(o, false),
);
export const u64 = big(
  0n,
  U64,
  (v, o, n) => v.setBigUint64(o, n, LE),
  (v, o) => v.getBigUint64(o, LE),
);
export const i64 = big(
  -I64,
  I64 - 1n,
  (v, o, n) => v.setBigInt64(o, n, LE),
  (v, o) => v.getBigInt64(o, LE),
);
export const be64 = big(
  0n,
  U64,
  (v, o, n) => v.setBigUint64(o, n, false),
  (v, o) => v.getBigUint64(o, false),
);

const within = (view: DataView, offset: number, size: number) => new Uint8Array(view.buffer, view.byteOffset + offset, size);

/** A `__u8 name[size]`. */
export function bytes(offset: number, size: number): Field<Uint8Array> {
  return {
    offset,
    size,
    write(view, value) {
      if (value.length !== size) throw new RangeError(`has ${value.length} bytes, not ${size}`);
      within(view, offset, size).set(value);
    },
    read: (view) => within(view, offset, size).slice(),
  };
}

/** Explicit padding of `size` bytes. */
export function zero(offset: number, size: number): Padding {
  return {
    padding: true,
    offset,
    size,
    write: () => undefined,
    read() {
      throw new Error('padding has no value');
    },
  };
}

/** A struct within a struct. */
export function nested<T>(offset: number, layout: Layout<T>): Field<T> {
  return {
    offset,
    size: layout.size,
    write: (view, value) => within(view, offset, layout.size).set(layout.encode(value)),
    read: (view) => layout.decode(within(view, offset, layout.size)),
  };
}

/** A `type name[count]`; `member` makes the element's field at an offset: `array(8, 4, u32)`. */
export function array<T>(offset: number, count: number, member: (offset: number) => Field<T>): Field<T[]> {
  const { size } = member(0);
  const fields = Array.from({ length: count }, (_, i) => member(offset + i * size));
  return {
    offset,
    size: size * count,
    write(view, values) {
      if (values.length !== count) throw new RangeError(`has ${values.length} elements, not ${count}`);
      values.forEach((value, i) => {
        fields[i]?.write(view, value);
      });
    },
    read: (view) => fields.map((field) => field.read(view)),
  };
}

/** A layout from its members. Throws RangeError when one lies outside `size` bytes: that is a generator's mistake. */
export function struct<const F extends Members>(name: string, size: number, members: F): Layout<ValueOf<F>> & { readonly name: string } {
  const fields = Object.entries(members).filter(([, field]) => !('padding' in field));
  for (const [key, field] of fields) {
    if (field.offset + field.size > size) throw new RangeError(`lay out ${name}: ${key} ends after byte ${size}`);
  }
  return {
    name,
    size,
    encode(value) {
      const out = new Uint8Array(size);
      const view = new DataView(out.buffer);
      for (const [key, field] of fields) writeMember(name, key, field, view, value[key as keyof typeof value]);
      return out;
    },
    decode(raw) {
      if (raw.length !== size) throw new RangeError(`decode ${name}: ${raw.length} bytes, not ${size}`);
      const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
      return Object.fromEntries(fields.map(([key, field]) => [key, field.read(view)])) as ValueOf<F>;
    },
  };
}

function writeMember(name: string, key: string, field: Field<unknown>, view: DataView, value: unknown): void {
  if (value === undefined) throw new RangeError(`encode ${name}.${key}: no value`);
  try {
    field.write(view, value);
  } catch (error) {
    throw new RangeError(`encode ${name}.${key}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** A layout that is a single field, e.g. `scalar('__u32', u32)` for an array map's index. */
export function scalar<T>(name: string, member: (offset: number) => Field<T>): Layout<T> {
  const field = member(0);
  return {
    name,
    size: field.size,
    encode(value) {
      const out = new Uint8Array(field.size);
      writeMember(name, 'value', field as Field<unknown>, new DataView(out.buffer), value);
      return out;
    },
    decode(raw) {
      if (raw.length !== field.size) throw new RangeError(`decode ${name}: ${raw.length} bytes, not ${field.size}`);
      return field.read(new DataView(raw.buffer, raw.byteOffset, raw.byteLength));
    },
  };
}

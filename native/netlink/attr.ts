/**
 * Netlink attributes (`struct nlattr`, include/uapi/linux/netlink.h): 16-bit length with its header, 16-bit type, payload, padding to four bytes.
 * Alignment and byte order live in this file only. Integers are in host order unless the method's name says `be`.
 */
import { endianness } from 'node:os';
import { NLA_F_NESTED, NLA_TYPE_MASK } from './constants.ts';
import { DecodeError, EncodeError } from './errors.ts';

const LITTLE = endianness() === 'LE';
const HEADER = 4;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Rounds up to the four-byte boundary of NLA_ALIGN. */
export const align = (length: number): number => (length + 3) & ~3;

/**
 * Builds a message body: fixed structs and attributes in call order. The first value that does not fit is remembered and later calls do
 * nothing; `finish` throws it. So a codec is one chain without checks in between.
 */
export class AttrWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #error: EncodeError | undefined;

  u8(type: number, value: number): this {
    return this.#integer(type, value, 0, 0xff, 1, (at) => this.#view.setUint8(at, value));
  }

  u16(type: number, value: number): this {
    return this.#integer(type, value, 0, 0xffff, 2, (at) => this.#view.setUint16(at, value, LITTLE));
  }

  u32(type: number, value: number): this {
    return this.#integer(type, value, 0, 0xffffffff, 4, (at) => this.#view.setUint32(at, value, LITTLE));
  }

  i32(type: number, value: number): this {
    return this.#integer(type, value, -0x80000000, 0x7fffffff, 4, (at) => this.#view.setInt32(at, value, LITTLE));
  }

  /** Network byte order. */
  be16(type: number, value: number): this {
    return this.#integer(type, value, 0, 0xffff, 2, (at) => this.#view.setUint16(at, value));
  }

  /** Network byte order. */
  be32(type: number, value: number): this {
    return this.#integer(type, value, 0, 0xffffffff, 4, (at) => this.#view.setUint32(at, value));
  }

  /** A string with its closing zero. A zero inside is refused: the kernel would cut there. */
  str(type: number, value: string): this {
    if (value.includes('\0')) return this.#fail(type, `"${value}" contains a zero byte`);
    return this.bytes(type, encoder.encode(`${value}\0`));
  }

  /** An attribute without payload: its presence is the value. */
  flag(type: number): this {
    return this.bytes(type, new Uint8Array(0));
  }

  bytes(type: number, value: Uint8Array): this {
    const at = this.#attribute(type, value.length);
    if (at !== undefined) this.#bytes.set(value, at);
    return this;
  }

  /** Attributes inside an attribute; `build` may start with `struct`. NLA_F_NESTED is set, as strict checking wants it. */
  nested(type: number, build: (inner: this) => unknown): this {
    const start = this.#length;
    if (this.#attribute(type | NLA_F_NESTED, 0) === undefined) return this;
    build(this);
    const length = this.#length - start;
    if (length > 0xffff) return this.#fail(type, `${length} bytes do not fit a 16-bit length`);
    this.#view.setUint16(start, length, LITTLE);
    return this;
  }

  /** A fixed C struct of `size` bytes, zeroed, then filled through `fill`; padded to four bytes. */
  struct(size: number, fill: (put: StructWriter) => void): this {
    if (this.#error !== undefined) return this;
    const at = this.#grow(size);
    const put = new StructWriter(new DataView(this.#bytes.buffer, at, size));
    fill(put);
    this.#error = put.error;
    return this;
  }

  /** The bytes written so far. Throws the first `EncodeError`. */
  finish(): Uint8Array {
    if (this.#error !== undefined) throw this.#error;
    return this.#bytes.slice(0, this.#length);
  }

  #integer(type: number, value: number, low: number, high: number, size: number, write: (at: number) => void): this {
    if (!Number.isInteger(value) || value < low || value > high)
      return this.#fail(type, `${value} is not an integer from ${low} to ${high}`);
    const at = this.#attribute(type, size);
    if (at !== undefined) write(at);
    return this;
  }

  #attribute(type: number, size: number): number | undefined {
    if (size + HEADER > 0xffff) this.#fail(type, `${size} bytes do not fit a 16-bit length`);
    if (this.#error !== undefined) return undefined;
    const at = this.#grow(HEADER + size);
    this.#view.setUint16(at, HEADER + size, LITTLE);
    this.#view.setUint16(at + 2, type, LITTLE);
    return at + HEADER;
  }

  #grow(size: number): number {
    const at = this.#length;
    this.#length = at + align(size);
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  #fail(type: number, problem: string): this {
    this.#error ??= new EncodeError(`attribute ${type & NLA_TYPE_MASK}`, problem);
    return this;
  }
}

/** Fills the fields of one fixed struct by byte offset. Values out of range are remembered, as in `AttrWriter`. */
export class StructWriter {
  readonly #view: DataView;
  error: EncodeError | undefined;

  constructor(view: DataView) {
    this.#view = view;
  }

  u8(at: number, value: number): this {
    return this.#put(at, value, 0, 0xff, () => this.#view.setUint8(at, value));
  }

  u16(at: number, value: number): this {
    return this.#put(at, value, 0, 0xffff, () => this.#view.setUint16(at, value, LITTLE));
  }

  u32(at: number, value: number): this {
    return this.#put(at, value, 0, 0xffffffff, () => this.#view.setUint32(at, value, LITTLE));
  }

  i32(at: number, value: number): this {
    return this.#put(at, value, -0x80000000, 0x7fffffff, () => this.#view.setInt32(at, value, LITTLE));
  }

  be16(at: number, value: number): this {
    return this.#put(at, value, 0, 0xffff, () => this.#view.setUint16(at, value));
  }

  bytes(at: number, value: Uint8Array): this {
    if (at + value.length > this.#view.byteLength) {
      this.error ??= new EncodeError(`struct field at ${at}`, `${value.length} bytes do not fit`);
      return this;
    }
    new Uint8Array(this.#view.buffer, this.#view.byteOffset, this.#view.byteLength).set(value, at);
    return this;
  }

  #put(at: number, value: number, low: number, high: number, write: () => void): this {
    if (Number.isInteger(value) && value >= low && value <= high) write();
    else this.error ??= new EncodeError(`struct field at ${at}`, `${value} is not an integer from ${low} to ${high}`);
    return this;
  }
}

/**
 * A window on received bytes. Reads are by offset in the window and exact: outside it they throw `DecodeError` with the offset in the datagram.
 */
export class Reader {
  readonly bytes: Uint8Array;
  /** Offset of the window's first byte in the datagram. */
  readonly base: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, base = 0) {
    this.bytes = bytes;
    this.base = base;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  u8(at: number): number {
    return this.#need(at, 1).getUint8(at);
  }

  u16(at: number): number {
    return this.#need(at, 2).getUint16(at, LITTLE);
  }

  be16(at: number): number {
    return this.#need(at, 2).getUint16(at);
  }

  u32(at: number): number {
    return this.#need(at, 4).getUint32(at, LITTLE);
  }

  i32(at: number): number {
    return this.#need(at, 4).getInt32(at, LITTLE);
  }

  u64(at: number): bigint {
    return this.#need(at, 8).getBigUint64(at, LITTLE);
  }

  /** The part from `at`, `length` bytes long (to the end when absent), as a window of its own. */
  slice(at: number, length = Math.max(0, this.length - at)): Reader {
    this.#need(at, length);
    return new Reader(this.bytes.subarray(at, at + length), this.base + at);
  }

  #need(at: number, size: number): DataView {
    if (at + size > this.length) throw new DecodeError(`needs ${size} bytes, ${Math.max(0, this.length - at)} left`, this.base + at);
    return this.#view;
  }
}

/** One received attribute. Getters demand the exact length of their type. */
export class Attr {
  /** Without the nested and byte-order bits. */
  readonly type: number;
  readonly payload: Reader;

  constructor(type: number, payload: Reader) {
    this.type = type;
    this.payload = payload;
  }

  u8(): number {
    return this.exactly(1).u8(0);
  }

  u16(): number {
    return this.exactly(2).u16(0);
  }

  be16(): number {
    return this.exactly(2).be16(0);
  }

  u32(): number {
    return this.exactly(4).u32(0);
  }

  i32(): number {
    return this.exactly(4).i32(0);
  }

  /** The payload up to a closing zero, which the kernel sends for some strings and not for others. */
  str(): string {
    const { bytes } = this.payload;
    const end = bytes.indexOf(0);
    return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end));
  }

  /** A copy of the payload, so that the datagram can be freed. */
  bytes(): Uint8Array {
    return this.payload.bytes.slice();
  }

  nested(skip = 0): Generator<Attr> {
    return attributes(this.payload, skip);
  }

  exactly(size: number): Reader {
    if (this.payload.length !== size)
      throw new DecodeError(`attribute ${this.type} has ${this.payload.length} bytes, not ${size}`, this.payload.base);
    return this.payload;
  }
}

/** The attributes in a window, after a fixed struct of `skip` bytes. */
export function* attributes(window: Reader, skip = 0): Generator<Attr> {
  if (skip > window.length) throw new DecodeError(`needs ${skip} bytes, ${window.length} left`, window.base);
  let at = align(skip);
  while (at < window.length) {
    const length = window.u16(at);
    const type = window.u16(at + 2) & NLA_TYPE_MASK;
    if (length < HEADER) throw new DecodeError(`attribute ${type} claims ${length} bytes, less than its header`, window.base + at);
    yield new Attr(type, window.slice(at + HEADER, length - HEADER));
    at += align(length);
  }
}

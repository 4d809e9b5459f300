/** Reading netlink attributes: exact and bounded, every fault a `DecodeError` with its offset. The format is told in `attr.ts`. */
import { align, HEADER, LITTLE } from './attr.ts';
import { NLA_TYPE_MASK } from './constants.ts';
import { DecodeError } from './errors.ts';

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
    const left = Math.max(0, this.length - at);
    if (size > left) throw new DecodeError(`needs ${size} bytes, ${left} left`, this.base + Math.min(at, this.length));
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
    const { buffer, byteOffset, byteLength } = this.payload.bytes;
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    const end = bytes.indexOf(0);
    return bytes.toString('utf8', 0, end === -1 ? byteLength : end);
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

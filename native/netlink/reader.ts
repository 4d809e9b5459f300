/** Reading netlink attributes: exact and bounded, every fault a `DecodeError` with its offset. The format is told in `attr.ts`. */
import { align, HEADER, LITTLE } from './attr.ts';
import { NLA_TYPE_MASK } from './constants.ts';
import { DecodeError } from './errors.ts';

/**
 * A window on received bytes. Reads are by offset in the window and exact: outside it they throw `DecodeError` with the offset in the datagram.
 * Windows share one view of the datagram: a link has some fifty attributes, and a node with many pods is told of links all the time.
 */
export class Reader {
  /** Offset of the window's first byte in the datagram. */
  readonly base: number;
  readonly length: number;
  readonly #view: DataView;
  /** Of the window's first byte in the view. */
  readonly #start: number;

  constructor(bytes: Uint8Array | DataView, base = 0, start = 0, length = bytes.byteLength - start) {
    this.base = base;
    this.length = length;
    this.#view = bytes instanceof DataView ? bytes : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#start = start;
  }

  /** The window's bytes, not copied. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#start, this.length);
  }

  u8(at: number): number {
    return this.#view.getUint8(this.#need(at, 1));
  }

  u16(at: number): number {
    return this.#view.getUint16(this.#need(at, 2), LITTLE);
  }

  be16(at: number): number {
    return this.#view.getUint16(this.#need(at, 2));
  }

  u32(at: number): number {
    return this.#view.getUint32(this.#need(at, 4), LITTLE);
  }

  i32(at: number): number {
    return this.#view.getInt32(this.#need(at, 4), LITTLE);
  }

  u64(at: number): bigint {
    return this.#view.getBigUint64(this.#need(at, 8), LITTLE);
  }

  /** The part from `at`, `length` bytes long (to the end when absent), as a window of its own. */
  slice(at: number, length = Math.max(0, this.length - at)): Reader {
    return new Reader(this.#view, this.base + at, this.#need(at, length), length);
  }

  /** Where `size` bytes at `at` begin in the view. */
  #need(at: number, size: number): number {
    const left = Math.max(0, this.length - at);
    if (size > left) throw new DecodeError(`needs ${size} bytes, ${left} left`, this.base + Math.min(at, this.length));
    return this.#start + at;
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

  nested(skip = 0, isWanted?: (type: number) => boolean): Generator<Attr> {
    return attributes(this.payload, skip, isWanted);
  }

  exactly(size: number): Reader {
    if (this.payload.length !== size)
      throw new DecodeError(`attribute ${this.type} has ${this.payload.length} bytes, not ${size}`, this.payload.base);
    return this.payload;
  }
}

/** The attributes in a window, after a fixed struct of `skip` bytes; of the types that `isWanted` knows, all when absent. */
export function* attributes(window: Reader, skip = 0, isWanted?: (type: number) => boolean): Generator<Attr> {
  if (skip > window.length) throw new DecodeError(`needs ${skip} bytes, ${window.length} left`, window.base);
  let at = align(skip);
  while (at < window.length) {
    const length = window.u16(at);
    const type = window.u16(at + 2) & NLA_TYPE_MASK;
    if (length < HEADER) throw new DecodeError(`attribute ${type} claims ${length} bytes, less than its header`, window.base + at);
    const payload = window.slice(at + HEADER, length - HEADER);
    if (isWanted === undefined || isWanted(type)) yield new Attr(type, payload);
    at += align(length);
  }
}

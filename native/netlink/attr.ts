/**
 * Writing netlink attributes (`struct nlattr`, include/uapi/linux/netlink.h): 16-bit length with its header, 16-bit type, payload, padding to
 * four bytes. Alignment and byte order live here and in `reader.ts` only. Integers are in host order unless the method's name says `be`.
 */
import { endianness } from 'node:os';
import { NLA_F_NESTED, NLA_TYPE_MASK } from './constants.ts';
import { EncodeError } from './errors.ts';

/** True on a little-endian machine: x64 and arm64. */
export const LITTLE = endianness() === 'LE';
/** Size of `struct nlattr`. */
export const HEADER = 4;

/** Rounds up to the four-byte boundary of NLA_ALIGN; not by `& ~3` alone, which would make a damaged length near 2^32 negative. */
export const align = (length: number): number => length + (-length & 3);

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
    return this.bytes(type, Buffer.from(`${value}\0`));
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

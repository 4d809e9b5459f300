import { isIPv6 } from 'node:net';

/** Bounded reads from a packet: what is not there is `undefined`, because a capture holds what the network carried, not what it should have. */
export class Bytes {
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.#view.byteLength;
  }

  has(at: number, size: number): boolean {
    return at >= 0 && at + size <= this.length;
  }

  u8(at: number): number {
    return this.has(at, 1) ? this.#view.getUint8(at) : 0;
  }

  u16(at: number): number {
    return this.has(at, 2) ? this.#view.getUint16(at) : 0;
  }

  u32(at: number): number {
    return this.has(at, 4) ? this.#view.getUint32(at) : 0;
  }

  /** The part from `at`, at most `size` bytes of it. */
  slice(at: number, size = this.length): Bytes {
    const start = Math.min(at, this.length);
    const end = Math.min(start + Math.max(0, size), this.length);
    return new Bytes(new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, end - start));
  }

  mac(at: number): string {
    return [0, 1, 2, 3, 4, 5]
      .map((i) =>
        this.u8(at + i)
          .toString(16)
          .padStart(2, '0'),
      )
      .join(':');
  }

  ipv4(at: number): string {
    return [0, 1, 2, 3].map((i) => this.u8(at + i)).join('.');
  }

  ipv6(at: number): string {
    const groups = Array.from({ length: 8 }, (_, i) => this.u16(at + 2 * i).toString(16));
    return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
  }
}

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export function endpoint(address: string, port: number | undefined): string {
  if (port === undefined) return address;
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

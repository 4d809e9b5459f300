import { isIPv4 } from 'node:net';

/** Number in network order in `size` bytes. */
export function be(size: 1 | 2 | 4, value: number): Uint8Array {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
}

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Six bytes of `02:00:00:00:00:05`. */
export const mac = (text: string): Uint8Array => Uint8Array.from(text.split(':'), (part) => Number.parseInt(part, 16));

function ipv6Bytes(text: string): Uint8Array {
  const [head = '', tail] = text.split('::');
  const words = (part: string) => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)));
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  const middle = new Array<number>(8 - front.length - back.length).fill(0);
  return concat(...[...front, ...middle, ...back].map((word) => be(2, word)));
}

/** 4 or 16 bytes, as in a header. */
export const address = (text: string): Uint8Array => (isIPv4(text) ? Uint8Array.from(text.split('.'), Number) : ipv6Bytes(text));

/** 16 bytes, as in the maps: IPv4 as v4-mapped. */
export const mapped = (text: string): Uint8Array =>
  isIPv4(text) ? concat(new Uint8Array(10), Uint8Array.of(0xff, 0xff), address(text)) : address(text);

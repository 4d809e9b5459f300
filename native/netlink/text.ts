/**
 * Addresses between text and the bytes of a message. IPv6 text is that of RFC 5952; MAC addresses are lower-case hex pairs with colons.
 */
import { AF_INET, AF_INET6 } from './constants.ts';
import { EncodeError } from './errors.ts';

/** 4 for IPv4, 6 for IPv6. */
export type Family = 4 | 6;

/** An address with the number of leading bits that name the network. */
export interface Prefix {
  readonly family: Family;
  readonly address: Uint8Array;
  /** 0 to 32 or 128. */
  readonly length: number;
}

/** AF_INET or AF_INET6. */
export const toAf = (family: Family): number => (family === 4 ? AF_INET : AF_INET6);

/** The family of an AF_* number; undefined for one that is no IP. */
export const fromAf = (af: number): Family | undefined => (af === AF_INET ? 4 : af === AF_INET6 ? 6 : undefined);

/** The family that `bytes` (4 or 16) belong to. */
export const familyOf = (bytes: Uint8Array): Family => (bytes.length === 4 ? 4 : 6);

/**
 * Four or sixteen bytes in network order. Throws `EncodeError` for anything else, also for an address with a zone. Takes what `isIP` of
 * node:net takes, without the 3 ms that its regular expression costs a process that parses three addresses.
 */
export function parseIp(text: string): Uint8Array {
  const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  if (bytes === undefined) throw new EncodeError('address', `"${text}" is no IP address`);
  return Uint8Array.from(bytes);
}

function parseIpv4(text: string): number[] | undefined {
  const parts = text.split('.');
  return parts.length === 4 && parts.every(isOctet) ? parts.map(Number) : undefined;
}

/** Decimal without leading zeros: with one, some parsers would read an octal number. */
const isOctet = (text: string): boolean => /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= 255;

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split('::');
  const [front, back] = halves.map((half, i) => readGroups(half, i === halves.length - 1));
  if (halves.length > 2 || front === undefined) return undefined;
  if (halves.length === 1) return front.length === 16 ? front : undefined;
  // The gap stands for one group at least.
  if (back === undefined || front.length + back.length > 14) return undefined;
  return [...front, ...new Array<number>(16 - front.length - back.length).fill(0), ...back];
}

/** The bytes of groups with single colons; the very last one of an address may be an IPv4 address. */
function readGroups(text: string, isLastHalf: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    const group = isLastHalf && i === parts.length - 1 && part.includes('.') ? parseIpv4(part) : readGroup(part);
    if (group === undefined) return undefined;
    bytes.push(...group);
  }
  return bytes;
}

function readGroup(text: string): number[] | undefined {
  if (!/^[0-9a-f]{1,4}$/i.test(text)) return undefined;
  const group = Number.parseInt(text, 16);
  return [group >> 8, group & 0xff];
}

/** Text of 4 or 16 bytes; other lengths come out as hex, since an unknown family is no error in a listing. */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return Buffer.from(bytes).toString('hex');
  if (isV4Mapped(bytes)) return `::ffff:${bytes.subarray(12).join('.')}`;
  const words = Array.from({ length: 8 }, (_, i) => (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16));
  const [start, length] = longestZeroRun(words);
  if (length < 2) return words.join(':');
  return `${words.slice(0, start).join(':')}::${words.slice(start + length).join(':')}`;
}

const isV4Mapped = (bytes: Uint8Array): boolean => bytes.subarray(0, 10).every((b) => b === 0) && bytes[10] === 0xff && bytes[11] === 0xff;

function longestZeroRun(words: readonly string[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  let run = 0;
  words.forEach((word, i) => {
    run = word === '0' ? run + 1 : 0;
    if (run > best[1]) best = [i - run + 1, run];
  });
  return best;
}

/** Reads `10.0.0.0/24`; a bare address gets the full length. Host bits are kept: the kernel judges them. */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf('/');
  const address = parseIp(slash === -1 ? text : text.slice(0, slash));
  const bits = address.length * 8;
  if (slash === -1) return { family: familyOf(address), address, length: bits };
  const digits = text.slice(slash + 1);
  const length = Number(digits);
  if (!/^\d{1,3}$/.test(digits) || length > bits) throw new EncodeError('prefix', `"${text}" has no prefix length from 0 to ${bits}`);
  return { family: familyOf(address), address, length };
}

/** `10.0.0.0/24`. */
export const formatPrefix = (address: Uint8Array, length: number): string => `${formatIp(address)}/${length}`;

/** `10.1.0.5/24` → `10.1.0.0/24`: the kernel takes no route with bits behind the prefix. Throws `EncodeError` for what is no prefix. */
export function networkOf(text: string): string {
  const { address, length } = parsePrefix(text);
  const network = address.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, length - index * 8))));
  return formatPrefix(network, length);
}

/** The all-zero address of a family: 4 or 16 bytes. */
export const unspecified = (family: Family): Uint8Array => new Uint8Array(family === 4 ? 4 : 16);

/** Six bytes of `02:00:00:00:00:01`. Throws `EncodeError` for anything else. */
export function parseMac(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new EncodeError('mac', `"${text}" is not six hex pairs with colons`);
  return Uint8Array.from(text.split(':'), (pair) => Number.parseInt(pair, 16));
}

/** Hex pairs with colons, for any length of link-layer address. */
export const formatMac = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(':');

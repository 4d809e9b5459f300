import { isIPv4 } from 'node:net';
import { Address4, Address6 } from 'ip-address';

/** A network. `first` is its first address, with the bits behind the prefix cleared; `length` the prefix length in bits. */
export interface Cidr {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly length: number;
  /** False when the text had bits behind the prefix: `10.0.0.1/8`. */
  readonly isExact: boolean;
}

/** An address as a number. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** Bits of an address of the family: 32 (RFC 791) or 128 (RFC 4291). */
export function bitsOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

/** Reads an IPv4 or IPv6 address without prefix length and zone; undefined for any other text. */
export function parseIp(text: string): IpAddress | undefined {
  return text.includes('/') ? undefined : read(text);
}

/** Reads `10.0.0.0/8`, `fd00::/104` or an address, which is a network of itself; undefined for any other text. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  const address = read(slash < 0 ? text : text.slice(0, slash));
  if (!address) return undefined;
  const bits = bitsOf(address.family);
  const digits = slash < 0 ? String(bits) : text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(digits) || Number(digits) > bits) return undefined;
  const length = Number(digits);
  const rest = BigInt(bits - length);
  const first = (address.value >> rest) << rest;
  return { family: address.family, first, length, isExact: first === address.value };
}

/** True when every address of `inner` is one of `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  if (outer.family !== inner.family || inner.length < outer.length) return false;
  const rest = BigInt(bitsOf(outer.family) - outer.length);
  return outer.first >> rest === inner.first >> rest;
}

/** True when the networks share an address: one of them contains the other. */
export function overlaps(a: Cidr, b: Cidr): boolean {
  return contains(a, b) || contains(b, a);
}

/** Last address of a network. */
export function lastOf(cidr: Cidr): bigint {
  return cidr.first + (1n << BigInt(bitsOf(cidr.family) - cidr.length)) - 1n;
}

/** The textual form: dotted quad or RFC 5952, and the prefix length. */
export function formatCidr(cidr: Cidr): string {
  return `${formatIp({ family: cidr.family, value: cidr.first })}/${cidr.length}`;
}

/** The textual form: dotted quad or RFC 5952. */
export function formatIp({ family, value }: IpAddress): string {
  return family === 4 ? Address4.fromBigInt(value).correctForm() : Address6.fromBigInt(value).correctForm();
}

function read(text: string): IpAddress | undefined {
  if (text.includes('%') || text.includes('/')) return undefined;
  if (text.includes(':')) return Address6.isValid(text) ? { family: 6, value: new Address6(text).bigInt() } : undefined;
  const value = readDottedQuad(text);
  return value === undefined ? undefined : { family: 4, value };
}

/** No leading zeros: some programs read them as octal. */
function readDottedQuad(text: string): bigint | undefined {
  if (!isIPv4(text)) return undefined;
  return BigInt(text.split('.').reduce((value, octet) => value * 256 + Number(octet), 0));
}

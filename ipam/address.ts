import { Address4, Address6 } from 'ip-address';
import { IpamError } from './errors.ts';
import type { Interval } from './interval.ts';

/** 4 or 6: the address family by its IP version number. */
export type Family = 4 | 6;

/** An address as a number, together with its family. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** A network: `first` is its first address, `length` the prefix length in bits. */
export interface Cidr {
  readonly family: Family;
  readonly first: bigint;
  readonly length: number;
}

/** Bits of an address of the family: 32 (RFC 791) or 128 (RFC 4291). */
export function addressBits(family: Family): number {
  return family === 4 ? 32 : 128;
}

/**
 * Reads an IPv4 dotted quad or an IPv6 address, without prefix length or zone.
 * @throws IpamError `address-unavailable` when the text is no such address
 */
export function parseAddress(text: string): Address {
  const cidr = text.includes('/') ? undefined : read(text);
  if (!cidr) throw new IpamError('address-unavailable', `read address ${JSON.stringify(text)}: not an IPv4 or IPv6 address`);
  return { family: cidr.family, value: cidr.value };
}

/** Text form of an address: dotted quad, or the form of RFC 5952 section 4. */
export function formatAddress(family: Family, value: bigint): string {
  return family === 4 ? Address4.fromBigInt(value).correctForm() : Address6.fromBigInt(value).correctForm();
}

/**
 * Reads `10.0.0.0/24` or `fd00::/104`. Bits after the prefix must be zero: `10.0.0.1/24` is more often a slip than a network.
 * @throws IpamError `invalid-config` with the network that was probably meant
 */
export function parseCidr(text: string): Cidr {
  const address = text.includes('/') ? read(text) : undefined;
  if (!address) throw new IpamError('invalid-config', `read CIDR ${JSON.stringify(text)}: not an IPv4 or IPv6 network such as 10.0.0.0/24`);
  const cidr = { family: address.family, first: networkOf(address, address.length), length: address.length };
  if (cidr.first !== address.value) {
    throw new IpamError('invalid-config', `read CIDR ${text}: bits are set after the prefix; the network is ${formatCidr(cidr)}`);
  }
  return cidr;
}

/** Text form of a network, `10.0.0.0/24`. */
export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr.family, cidr.first)}/${cidr.length}`;
}

/** First and last address of a network. */
export function cidrInterval(cidr: Cidr): Interval {
  return { first: cidr.first, last: cidr.first + (1n << BigInt(addressBits(cidr.family) - cidr.length)) - 1n };
}

/**
 * Reads what an operator excludes: `10.0.0.5`, `10.0.0.0/28` or `10.0.0.5-10.0.0.9` (both ends included).
 * @throws IpamError `invalid-config`
 */
export function parseExclusion(text: string): { readonly family: Family; readonly interval: Interval } {
  const dash = text.indexOf('-');
  if (dash >= 0) return parseRange(text, text.slice(0, dash).trim(), text.slice(dash + 1).trim());
  const address = read(text);
  if (!address) throw new IpamError('invalid-config', `read exclusion ${JSON.stringify(text)}: not an address, a network or a range a-b`);
  return { family: address.family, interval: cidrInterval({ ...address, first: networkOf(address, address.length) }) };
}

function parseRange(text: string, from: string, to: string): { family: Family; interval: Interval } {
  const [a, b] = [read(from), read(to)];
  if (!a || !b || from.includes('/') || to.includes('/') || a.family !== b.family || a.value > b.value) {
    throw new IpamError('invalid-config', `read exclusion ${JSON.stringify(text)}: not a range of two addresses in ascending order`);
  }
  return { family: a.family, interval: { first: a.value, last: b.value } };
}

function networkOf(address: Address, length: number): bigint {
  const hostBits = BigInt(addressBits(address.family) - length);
  return (address.value >> hostBits) << hostBits;
}

/** A zone (`fe80::1%eth0`) is refused: it names a link of this machine, not an address that a pod could have. */
function read(text: string): (Address & { readonly length: number }) | undefined {
  if (text.includes('%')) return undefined;
  try {
    const six = text.includes(':');
    const parsed = six ? new Address6(text) : new Address4(text);
    return { family: six ? 6 : 4, value: parsed.bigInt(), length: parsed.subnetMask };
  } catch {
    return undefined;
  }
}

import { isIPv4, isIPv6 } from 'node:net';
import { HarnessError } from '../errors.ts';

/** IP version, as a number that reads well. */
export type Family = 4 | 6;

/** A network prefix: `base` is its first address as a number. */
export interface Prefix {
  readonly family: Family;
  readonly base: bigint;
  readonly length: number;
}

/** Parses `10.0.0.0/24` or `fd00::/64`; host bits are cleared. Throws BAD_ADDRESS. */
export function parsePrefix(text: string): Prefix {
  const [address = '', bits = ''] = text.split('/');
  const family = familyOf(address);
  const width = family === 4 ? 32 : 128;
  const length = Number(bits);
  if (!/^\d+$/.test(bits) || length > width)
    throw new HarnessError('BAD_ADDRESS', `parse prefix ${text}: no prefix length between 0 and ${width}`);
  const shift = BigInt(width - length);
  return { family, base: (parseAddress(address) >> shift) << shift, length };
}

/** 4 or 6; throws BAD_ADDRESS for anything else. */
export function familyOf(address: string): Family {
  const bare = address.split('/')[0] ?? '';
  if (isIPv4(bare)) return 4;
  if (isIPv6(bare)) return 6;
  throw new HarnessError('BAD_ADDRESS', `parse address ${address}: neither IPv4 nor IPv6`);
}

/** The prefix as text. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.family, prefix.base)}/${prefix.length}`;
}

/** The n-th address of a prefix (0 is the network address itself). Throws BAD_ADDRESS when the prefix is too small. */
export function addressAt(prefix: Prefix, n: number): string {
  const width = prefix.family === 4 ? 32 : 128;
  if (BigInt(n) >= 1n << BigInt(width - prefix.length))
    throw new HarnessError('BAD_ADDRESS', `take address ${n} of ${formatPrefix(prefix)}: outside`);
  return formatAddress(prefix.family, prefix.base + BigInt(n));
}

/** An address without its `/length`. */
export function bareAddress(address: string): string {
  return address.split('/')[0] ?? address;
}

function parseAddress(address: string): bigint {
  if (isIPv4(address)) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  // the URL parser writes any IPv6 form as hexadecimal groups with at most one `::` (WHATWG URL, IPv6 serializer)
  const [head = '', tail = ''] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const groups = [...left, ...new Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function formatAddress(family: Family, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

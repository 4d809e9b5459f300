import { type Family, formatAddress, parseAddress, parseCidr } from '../../ipam/index.ts';

/*
 * Addresses as the maps hold them: 16 bytes, IPv4 as v4-mapped (RFC 4291, section 2.5.5.2), so that both families share every key.
 */

const MAPPED = 0xffffn << 32n;

/** 16 bytes for an address in text form. Throws what `parseAddress` throws. */
export function addressBytes(text: string): Uint8Array {
  const { family, value } = parseAddress(text);
  return toBytes(family === 4 ? MAPPED | value : value);
}

/** Text form of 16 bytes; v4-mapped ones read as IPv4. */
export function addressText(bytes: Uint8Array): string {
  const value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  const family: Family = value >> 32n === 0xffffn ? 4 : 6;
  return formatAddress(family, family === 4 ? value & 0xffffffffn : value);
}

/** An LPM key: IPv4 prefixes count from bit 96 on. */
export function prefixKey(text: string): { prefixlen: number; addr: Uint8Array } {
  const { family, first, length } = parseCidr(text);
  return { prefixlen: family === 4 ? 96 + length : length, addr: toBytes(family === 4 ? MAPPED | first : first) };
}

/** `10.0.0.7/32` of an LPM key. */
export function prefixText({ prefixlen, addr }: { prefixlen: number; addr: Uint8Array }): string {
  const text = addressText(addr);
  return `${text}/${text.includes(':') ? prefixlen : prefixlen - 96}`;
}

/** Six bytes of `02:00:00:00:00:01`. */
export function macBytes(text: string): Uint8Array {
  return Uint8Array.from(text.split(':'), (pair) => Number.parseInt(pair, 16));
}

/** `02:00:00:00:00:01` of six bytes. */
export function macText(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function toBytes(value: bigint): Uint8Array {
  return Buffer.from(value.toString(16).padStart(32, '0'), 'hex');
}

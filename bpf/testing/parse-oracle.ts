import type { DropReason } from '../layout.generated.ts';

/** What a receiver may read in an IP packet: protocol, ports (or ICMP type and code) and where layer 4 begins. */
export interface Reading {
  readonly protocol: number;
  /** First four bytes of layer 4; zeros when a protocol has no ports, or a later fragment none. */
  readonly ports: readonly number[];
  readonly isFragment: boolean;
  readonly isLater: boolean;
  /** From the start of the IP packet. */
  readonly layer4: number;
}

/** Bytes that a stack wants of a header before it looks at it. */
const HEADER: Readonly<Record<number, number>> = { 1: 8, 6: 20, 17: 8, 58: 8, 132: 12, 136: 8 };

const word = (bytes: Uint8Array, at: number) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

/**
 * Reads a packet as the RFCs say, with nothing of the C parser: first cuts it to the length that its header states, then walks lists of
 * parts. `packet` begins with the IP header. Answers with the reading, or why no such packet may pass.
 */
export function readPacket(packet: Uint8Array, family: 4 | 6): Reading | DropReason {
  return family === 4 ? readIpv4(packet) : readIpv6(packet);
}

function readIpv4(packet: Uint8Array): Reading | DropReason {
  if (packet.length < 20) return 'INVALID_PACKET';
  const header = ((packet[0] ?? 0) % 16) * 4;
  const total = word(packet, 2);
  if ((packet[0] ?? 0) >> 4 !== 4 || header < 20 || total < header || total > packet.length) return 'INVALID_PACKET';
  const protocol = packet[9] ?? 0;
  const offset = (word(packet, 6) % 0x2000) * 8;
  const isFragment = offset > 0 || (word(packet, 6) & 0x2000) !== 0;
  // RFC 1858, 3.2; RFC 3128
  if (offset > 0 && offset < (HEADER[protocol] ?? 0)) return 'TINY_FRAGMENT';
  const options = readOptions([...packet.subarray(20, header)], packet[header] ?? 0, packet.length > header);
  if (options !== undefined) return options;
  return readLayer4(packet.subarray(0, total), { protocol, isFragment, isLater: offset > 0, layer4: header });
}

/** RFC 791, 3.1. `behind`: the byte after the header, where a last option without a length has it in the frame, but not in the header. */
function readOptions(options: readonly number[], behind: number, hasBehind: boolean): DropReason | undefined {
  const [type, length = hasBehind ? behind : undefined] = options;
  if (type === undefined || type === 0) return undefined;
  if (type === 1) return readOptions(options.slice(1), behind, hasBehind);
  if (type === 131 || type === 137) return 'SOURCE_ROUTE';
  if (length === undefined || length < 2 || length > options.length) return 'INVALID_PACKET';
  return readOptions(options.slice(length), behind, hasBehind);
}

const EXTENSIONS = [0, 43, 44, 51, 60];

function readIpv6(packet: Uint8Array): Reading | DropReason {
  if (packet.length < 40) return 'INVALID_PACKET';
  if ((packet[0] ?? 0) >> 4 !== 6 || 40 + word(packet, 4) > packet.length) return 'INVALID_PACKET';
  if ([8, 24].some((at) => Buffer.from(packet.subarray(at, at + 12)).toString('hex') === `${'0'.repeat(20)}ffff`)) return 'INVALID_ADDRESS';
  return readExtensions(packet.subarray(0, 40 + word(packet, 4)));
}

function readExtensions(packet: Uint8Array): Reading | DropReason {
  let [type, at, fragment] = [packet[6] ?? 0, 40, undefined as number | undefined];
  const cut = () => (fragment === undefined ? 'INVALID_EXTENSION' : 'TINY_FRAGMENT');
  for (let seen = 0; EXTENSIONS.includes(type); seen++) {
    if (fragment !== undefined && fragment > 0) break;
    if (seen === 6) return 'INVALID_EXTENSION';
    const rest = packet.subarray(at);
    if (rest.length < 8) return cut();
    const [next = 0, size = 0] = rest;
    // RFC 8200, 4.1: hop-by-hop options come first; RFC 5095; one fragment header at most
    if (type === 0 && seen > 0) return 'INVALID_EXTENSION';
    if (type === 43 && rest[2] === 0) return 'SOURCE_ROUTE';
    if (type === 44) {
      if (fragment !== undefined) return 'INVALID_EXTENSION';
      fragment = word(rest, 2) - (word(rest, 2) % 8);
      if (fragment > 0 && fragment < (HEADER[next] ?? 0)) return 'TINY_FRAGMENT';
    }
    at += type === 44 ? 8 : type === 51 ? (size + 2) * 4 : (size + 1) * 8;
    type = next;
    if (at + 14 > 511) return 'INVALID_EXTENSION';
    if (at > packet.length) return cut();
  }
  return readLayer4(packet, { protocol: type, isFragment: fragment !== undefined, isLater: (fragment ?? 0) > 0, layer4: at });
}

function readLayer4(packet: Uint8Array, head: Omit<Reading, 'ports'>): Reading | DropReason {
  const needed = head.isLater ? undefined : HEADER[head.protocol];
  if (needed === undefined) return { ...head, ports: [0, 0, 0, 0] };
  // RFC 7112: a first fragment has all of the headers.
  if (packet.length - head.layer4 < needed) return head.isFragment ? 'TINY_FRAGMENT' : 'INVALID_LAYER4';
  return { ...head, ports: [...packet.subarray(head.layer4, head.layer4 + 4)] };
}

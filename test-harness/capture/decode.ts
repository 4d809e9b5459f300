import { Bytes, endpoint } from './fields.ts';
import { describeIcmp, describeIcmp6 } from './icmp.ts';

/** What the harness reads from a frame: enough to choose packets and to understand them at a glance. */
export interface Decoded {
  /** the innermost protocol that is understood: `tcp`, `udp`, `icmp`, `icmpv6`, `arp`, `ipv4`, `ipv6`, `sctp`, `ethernet` */
  readonly protocol: string;
  /** of a VLAN tag */
  readonly vlan?: number;
  readonly source?: string;
  readonly destination?: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** of TCP, as tcpdump writes them: `S`, `S.`, `.`, `P.`, `F.`, `R` */
  readonly flags?: string;
  /** one line */
  readonly summary: string;
}

/** Ethernet (IEEE 802.3, 802.1Q), or a bare IP packet where the device has no link layer. Never throws: a damaged packet is described as far as it goes. */
export function decodeFrame(frame: Uint8Array, hasEthernet: boolean): Decoded {
  const bytes = new Bytes(frame);
  if (!hasEthernet) return decodeNetwork(bytes.u8(0) >> 4 === 6 ? 0x86dd : 0x0800, bytes);
  let at = 12;
  let vlan: number | undefined;
  while (bytes.u16(at) === 0x8100 || bytes.u16(at) === 0x88a8) {
    vlan = bytes.u16(at + 2) & 0xfff;
    at += 4;
  }
  const inner = decodeNetwork(bytes.u16(at), bytes.slice(at + 2), bytes);
  return vlan === undefined ? inner : { ...inner, vlan, summary: `vlan ${vlan} ${inner.summary}` };
}

/** By EtherType (IEEE 802 numbers, IANA). */
function decodeNetwork(type: number, packet: Bytes, frame?: Bytes): Decoded {
  if (type === 0x0800) return decodeIpv4(packet);
  if (type === 0x86dd) return decodeIpv6(packet);
  if (type === 0x0806) return decodeArp(packet);
  const ends = frame === undefined ? '' : `${frame.mac(6)} → ${frame.mac(0)} `;
  const what = type < 0x600 ? 'LLC' : `EtherType 0x${type.toString(16).padStart(4, '0')}`;
  return { protocol: 'ethernet', summary: `${ends}${what} len ${packet.length}` };
}

/** RFC 826. */
function decodeArp(packet: Bytes): Decoded {
  const [source, destination] = [packet.ipv4(14), packet.ipv4(24)];
  const asked = packet.u16(6) === 1;
  const words = asked ? `ARP who has ${destination}? tell ${source} (${packet.mac(8)})` : `ARP ${source} is at ${packet.mac(8)}`;
  return { protocol: 'arp', source, destination, summary: words };
}

/** RFC 791. */
function decodeIpv4(packet: Bytes): Decoded {
  const header = (packet.u8(0) & 0xf) * 4;
  if (header < 20 || !packet.has(0, header)) return { protocol: 'ipv4', summary: `IPv4 cut short, len ${packet.length}` };
  const [source, destination] = [packet.ipv4(12), packet.ipv4(16)];
  const fragment = packet.u16(6);
  const offset = (fragment & 0x1fff) * 8;
  const total = packet.u16(2);
  const ends = { source, destination };
  const payload = packet.slice(header, total === 0 ? undefined : total - header);
  if (offset > 0)
    return { protocol: 'ipv4', ...ends, summary: `${source} → ${destination} IPv4 fragment at ${offset} len ${payload.length}` };
  return decodeTransport(packet.u8(9), payload, ends, (fragment & 0x2000) === 0 ? '' : ' (first fragment)');
}

/** RFC 8200: the fixed header, then extension headers, each of which names the next. */
function decodeIpv6(packet: Bytes): Decoded {
  if (!packet.has(0, 40)) return { protocol: 'ipv6', summary: `IPv6 cut short, len ${packet.length}` };
  const ends = { source: packet.ipv6(8), destination: packet.ipv6(24) };
  const size = packet.u16(4);
  let next = packet.u8(6);
  let payload = packet.slice(40, size === 0 ? undefined : size);
  let note = '';
  while (isExtension(next) && payload.has(0, 8)) {
    if (next === FRAGMENT) {
      const offset = payload.u16(2) & 0xfff8;
      if (offset > 0)
        return {
          protocol: 'ipv6',
          ...ends,
          summary: `${ends.source} → ${ends.destination} IPv6 fragment at ${offset} len ${payload.length - 8}`,
        };
      note = ' (first fragment)';
    }
    const length = next === FRAGMENT ? 8 : (payload.u8(1) + 1) * 8;
    next = payload.u8(0);
    payload = payload.slice(length);
  }
  return decodeTransport(next, payload, ends, note);
}

const FRAGMENT = 44;
/** Hop-by-hop options, routing, fragment, destination options. */
const isExtension = (next: number): boolean => next === 0 || next === 43 || next === FRAGMENT || next === 60;

interface Ends {
  readonly source: string;
  readonly destination: string;
}

/** By protocol number (IANA). */
function decodeTransport(protocol: number, payload: Bytes, ends: Ends, note: string): Decoded {
  const { source, destination } = ends;
  const arrow = `${source} → ${destination}`;
  if (protocol === 6 || protocol === 17 || protocol === 132) return decodePorts(protocol, payload, ends, note);
  if (protocol === 1) return { protocol: 'icmp', ...ends, summary: `${arrow} ${describeIcmp(payload, quote4)}${note}` };
  if (protocol === 58) return { protocol: 'icmpv6', ...ends, summary: `${arrow} ${describeIcmp6(payload, quote6)}${note}` };
  const family = source.includes(':') ? 'ipv6' : 'ipv4';
  return { protocol: family, ...ends, summary: `${arrow} IP protocol ${protocol} len ${payload.length}${note}` };
}

function decodePorts(protocol: number, payload: Bytes, ends: Ends, note: string): Decoded {
  const [sourcePort, destinationPort] = [payload.u16(0), payload.u16(2)];
  const arrow = `${endpoint(ends.source, sourcePort)} → ${endpoint(ends.destination, destinationPort)}`;
  const known = { ...ends, sourcePort, destinationPort };
  if (protocol === 17) return { protocol: 'udp', ...known, summary: `${arrow} UDP len ${Math.max(0, payload.length - 8)}${note}` };
  if (protocol === 132)
    return { protocol: 'sctp', ...known, summary: `${arrow} SCTP chunk ${payload.u8(12)} len ${payload.length}${note}` };
  const flags = tcpFlags(payload.u8(13));
  const size = Math.max(0, payload.length - (payload.u8(12) >> 4) * 4);
  const numbers = `seq ${payload.u32(4)}${flags.includes('.') ? ` ack ${payload.u32(8)}` : ''}`;
  return { protocol: 'tcp', ...known, flags, summary: `${arrow} TCP [${flags}] ${numbers} len ${size}${note}` };
}

/** RFC 9293, section 3.1; the letters of tcpdump(8). */
function tcpFlags(bits: number): string {
  const letters = ['F', 'S', 'R', 'P', '.', 'U', 'E', 'W'].filter((_, i) => bits & (1 << i));
  const acknowledged = letters.includes('.');
  return `${letters.filter((letter) => letter !== '.').join('')}${acknowledged ? '.' : ''}` || 'none';
}

/** What an ICMP error is about; it may quote no more than the header and 8 bytes (RFC 792). */
const quote4 = (bytes: Bytes): string => brief(decodeIpv4(bytes));
const quote6 = (bytes: Bytes): string => brief(decodeIpv6(bytes));

function brief({ protocol, source = '?', destination = '?', sourcePort, destinationPort }: Decoded): string {
  return `${protocol} ${endpoint(source, sourcePort)} → ${endpoint(destination, destinationPort)}`;
}

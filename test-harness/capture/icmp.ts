import type { Bytes } from './fields.ts';

/** RFC 792, type 3; RFC 1122 and 1812 for the later codes. */
const unreachable4 = ['network', 'host', 'protocol', 'port', 'fragmentation needed'] as const;
const unreachable4Later: Readonly<Record<number, string>> = { 9: 'network prohibited', 10: 'host prohibited', 13: 'prohibited' };
/** RFC 4443, section 3.1. */
const unreachable6 = ['no route', 'prohibited', 'beyond scope', 'address', 'port', 'policy', 'reject route'] as const;

/** The packet that an error quotes, in short; set by the IP decoder. */
export type Quote = (bytes: Bytes) => string;

/** ICMP for IPv4 (RFC 792), behind its IP header. */
export function describeIcmp(message: Bytes, quote: Quote): string {
  const [type, code] = [message.u8(0), message.u8(1)];
  const about = () => ` (about ${quote(message.slice(8))})`;
  if (type === 8 || type === 0) return `ICMP echo ${type === 8 ? 'request' : 'reply'} id ${message.u16(4)} seq ${message.u16(6)}`;
  if (type === 3) {
    const what = unreachable4[code] ?? unreachable4Later[code] ?? `code ${code}`;
    return code === 4 ? `ICMP fragmentation needed, mtu ${message.u16(6)}${about()}` : `ICMP ${what} unreachable${about()}`;
  }
  if (type === 11) return `ICMP time exceeded${about()}`;
  if (type === 5) return `ICMP redirect to ${message.ipv4(4)}${about()}`;
  return `ICMP type ${type} code ${code}`;
}

/** ICMPv6 (RFC 4443), neighbour discovery (RFC 4861) and multicast listeners (RFC 3810), behind its IP header. */
export function describeIcmp6(message: Bytes, quote: Quote): string {
  const [type, code] = [message.u8(0), message.u8(1)];
  const about = () => ` (about ${quote(message.slice(8))})`;
  if (type === 128 || type === 129) return `ICMPv6 echo ${type === 128 ? 'request' : 'reply'} id ${message.u16(4)} seq ${message.u16(6)}`;
  if (type === 1) return `ICMPv6 unreachable: ${unreachable6[code] ?? `code ${code}`}${about()}`;
  if (type === 2) return `ICMPv6 packet too big, mtu ${message.u32(4)}${about()}`;
  if (type === 3) return `ICMPv6 time exceeded${about()}`;
  return describeDiscovery(message, type) ?? `ICMPv6 type ${type} code ${code}`;
}

function describeDiscovery(message: Bytes, type: number): string | undefined {
  if (type === 133) return 'ND router solicitation';
  if (type === 134) return `ND router advertisement, lifetime ${message.u16(6)} s`;
  if (type === 135) return `ND who has ${message.ipv6(8)}${linkAddress(message, 1, ', from ')}`;
  if (type === 136) {
    const flags = message.u8(4);
    const words = [flags & 0x80 && 'router', flags & 0x40 && 'solicited', flags & 0x20 && 'override'].filter(Boolean).join(' ');
    return `ND ${message.ipv6(8)} is${linkAddress(message, 2, ' at ') || ' there'}${words === '' ? '' : ` (${words})`}`;
  }
  return type === 143 ? 'MLD report' : undefined;
}

/** A link-layer address option (RFC 4861, section 4.6.1) behind the target address. */
function linkAddress(message: Bytes, kind: number, before: string): string {
  for (let at = 24; message.has(at, 8) && message.u8(at + 1) > 0; at += message.u8(at + 1) * 8) {
    if (message.u8(at) === kind) return `${before}${message.mac(at + 2)}`;
  }
  return '';
}

import { checksum } from './checksum.ts';
import { protocols } from './frame.ts';

/** A packet field by field, for a readable difference. Equal frames decode equally, and unequal ones unequally: the rest is kept as hex. */
export type Fields = Readonly<Record<string, string | number>>;

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const macText = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
const ip4Text = (bytes: Uint8Array) => [...bytes].join('.');

function decodeIp4(packet: Uint8Array): Fields {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const header = ((packet[0] ?? 0) & 0xf) * 4;
  return {
    'ip.first': packet[0] ?? 0,
    'ip.tos': packet[1] ?? 0,
    'ip.length': view.getUint16(2),
    'ip.id': view.getUint16(4),
    'ip.fragment': view.getUint16(6),
    'ip.ttl': packet[8] ?? 0,
    'ip.protocol': packet[9] ?? 0,
    'ip.checksum': checksum(packet.subarray(0, header)) === 0 ? 'right' : hex(packet.subarray(10, 12)),
    'ip.source': ip4Text(packet.subarray(12, 16)),
    'ip.destination': ip4Text(packet.subarray(16, 20)),
    'ip.options': hex(packet.subarray(20, header)),
    ...decodeRest(packet[9] ?? 0, packet.subarray(header)),
  };
}

function decodeIp6(packet: Uint8Array): Fields {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  return {
    'ip.first': view.getUint32(0).toString(16),
    'ip.length': view.getUint16(4),
    'ip.next': packet[6] ?? 0,
    'ip.hopLimit': packet[7] ?? 0,
    'ip.source': hex(packet.subarray(8, 24)),
    'ip.destination': hex(packet.subarray(24, 40)),
    ...decodeRest(packet[6] ?? 0, packet.subarray(40)),
  };
}

function decodeRest(protocol: number, bytes: Uint8Array): Fields {
  if ((protocol !== protocols.icmp && protocol !== protocols.icmp6) || bytes.length < 8) return { rest: hex(bytes) };
  return {
    'icmp.type': bytes[0] ?? 0,
    'icmp.code': bytes[1] ?? 0,
    'icmp.checksum': hex(bytes.subarray(2, 4)),
    'icmp.info': hex(bytes.subarray(4, 8)),
    'icmp.rest': hex(bytes.subarray(8)),
  };
}

/** Decodes a frame; what it cannot name stays hex. */
export function decodeFrame(frame: Uint8Array): Fields {
  const type = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  const packet = frame.subarray(14);
  const ethernet = {
    'eth.destination': macText(frame.subarray(0, 6)),
    'eth.source': macText(frame.subarray(6, 12)),
    'eth.type': type.toString(16),
    length: frame.length,
  };
  if (type === 0x0800 && packet.length >= 20) return { ...ethernet, ...decodeIp4(packet) };
  if (type === 0x86dd && packet.length >= 40) return { ...ethernet, ...decodeIp6(packet) };
  return { ...ethernet, rest: hex(packet) };
}

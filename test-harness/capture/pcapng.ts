/** The pcapng file format (IETF draft-ietf-opsawg-pcapng): a section header, an interface description per device, a block per packet. */

/** LINKTYPE_* of the tcpdump group's registry. */
const LINK_TYPE = { ethernet: 1, raw: 101 } as const;

/** A packet as the file keeps it. */
export interface PcapPacket {
  /** the device, as Wireshark shows it */
  readonly interface: string;
  readonly hasEthernet: boolean;
  /** nanoseconds since 1970 */
  readonly time: bigint;
  readonly outgoing: boolean;
  readonly data: Uint8Array;
  /** bytes that it had on the wire, at least as many as there are in `data` */
  readonly length: number;
}

/** A whole file. Little-endian on every machine: the byte-order magic of the section header tells. */
export function encodePcapng(packets: readonly PcapPacket[], comment?: string): Uint8Array {
  const interfaces = new Map<string, PcapPacket>();
  for (const packet of packets) if (!interfaces.has(keyOf(packet))) interfaces.set(keyOf(packet), packet);
  const numbers = new Map([...interfaces.keys()].map((key, i) => [key, i]));
  return Buffer.concat([
    sectionHeader(comment),
    ...[...interfaces.values()].map(interfaceDescription),
    ...packets.map((packet) => enhancedPacket(packet, numbers.get(keyOf(packet)) ?? 0)),
  ]);
}

const keyOf = ({ interface: name, hasEthernet }: PcapPacket): string => `${name} ${hasEthernet}`;

const OPTION = { end: 0, comment: 1, ifName: 2, epbFlags: 2, userApplication: 4, timeResolution: 9 } as const;

function sectionHeader(comment: string | undefined): Buffer {
  const fixed = Buffer.alloc(16);
  fixed.writeUInt32LE(0x1a2b3c4d, 0); // byte-order magic
  fixed.writeUInt16LE(1, 4); // version 1.0
  fixed.writeBigInt64LE(-1n, 8); // length of the section: not told
  const words = comment === undefined ? [] : [option(OPTION.comment, Buffer.from(comment))];
  return block(0x0a0d0d0a, fixed, [...words, option(OPTION.userApplication, Buffer.from('axoneme test harness'))]);
}

function interfaceDescription({ interface: name, hasEthernet }: PcapPacket): Buffer {
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16LE(hasEthernet ? LINK_TYPE.ethernet : LINK_TYPE.raw, 0);
  return block(1, fixed, [option(OPTION.ifName, Buffer.from(name)), option(OPTION.timeResolution, Buffer.from([9]))]);
}

function enhancedPacket(packet: PcapPacket, number: number): Buffer {
  const fixed = Buffer.alloc(20);
  fixed.writeUInt32LE(number, 0);
  fixed.writeUInt32LE(Number(packet.time >> 32n), 4);
  fixed.writeUInt32LE(Number(packet.time & 0xffffffffn), 8);
  fixed.writeUInt32LE(packet.data.length, 12);
  fixed.writeUInt32LE(packet.length, 16);
  const direction = Buffer.alloc(4);
  direction.writeUInt32LE(packet.outgoing ? 2 : 1, 0);
  return block(6, Buffer.concat([fixed, padded(packet.data)]), [option(OPTION.epbFlags, direction)]);
}

/** Type, length, body, options, length again. */
function block(type: number, body: Buffer, options: readonly Buffer[]): Buffer {
  const all = [body, ...options, option(OPTION.end, Buffer.alloc(0))];
  const length = Buffer.alloc(4);
  length.writeUInt32LE(12 + all.reduce((sum, part) => sum + part.length, 0), 0);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(type, 0);
  return Buffer.concat([head, length, ...all, length]);
}

function option(code: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, padded(value)]);
}

/** Filled up to four bytes. */
function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}

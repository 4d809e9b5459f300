/** vxlan: Ethernet over UDP (RFC 7348). With `external` the network id and the far end come with each packet, from BPF or a route. */
import { AttrWriter } from '../attr.ts';
import {
  IFLA_VXLAN_COLLECT_METADATA,
  IFLA_VXLAN_GBP,
  IFLA_VXLAN_GROUP,
  IFLA_VXLAN_GROUP6,
  IFLA_VXLAN_ID,
  IFLA_VXLAN_LEARNING,
  IFLA_VXLAN_LINK,
  IFLA_VXLAN_LOCAL,
  IFLA_VXLAN_LOCAL6,
  IFLA_VXLAN_PORT,
  IFLA_VXLAN_PORT_RANGE,
  IFLA_VXLAN_TOS,
  IFLA_VXLAN_TTL,
  IFLA_VXLAN_UDP_CSUM,
  IFLA_VXLAN_UDP_ZERO_CSUM6_RX,
  IFLA_VXLAN_UDP_ZERO_CSUM6_TX,
} from '../constants.ts';
import type { Attr } from '../reader.ts';
import { formatIp, parseIp } from '../text.ts';

/** What a vxlan device is made of, and what the kernel tells of one. */
export interface Vxlan {
  readonly kind: 'vxlan';
  /** Network id, 24 bits; leave out when `external`. */
  readonly id?: number;
  /** Collect-metadata mode: one device for all networks and far ends. */
  readonly external?: boolean;
  /** Far end, or multicast group, of a device with an id. */
  readonly remote?: string;
  readonly local?: string;
  /** Device that carries the tunnel. */
  readonly linkIfindex?: number;
  /** UDP port; the kernel's own default is 8472. */
  readonly port?: number;
  /** First and last UDP source port. */
  readonly sourcePorts?: readonly [first: number, last: number];
  /** Learn far ends from received packets. */
  readonly learning?: boolean;
  readonly ttl?: number;
  readonly tos?: number;
  /** Group policy extension. */
  readonly gbp?: boolean;
  readonly udpChecksum?: boolean;
  readonly udp6ZeroChecksumTx?: boolean;
  readonly udp6ZeroChecksumRx?: boolean;
}

/** IFLA_INFO_DATA of a vxlan device. */
export function writeVxlan(data: AttrWriter, spec: Vxlan): void {
  if (spec.id !== undefined) data.u32(IFLA_VXLAN_ID, spec.id);
  if (spec.remote !== undefined) writeAddress(data, spec.remote, IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6);
  if (spec.local !== undefined) writeAddress(data, spec.local, IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6);
  if (spec.linkIfindex !== undefined) data.u32(IFLA_VXLAN_LINK, spec.linkIfindex);
  if (spec.ttl !== undefined) data.u8(IFLA_VXLAN_TTL, spec.ttl);
  if (spec.tos !== undefined) data.u8(IFLA_VXLAN_TOS, spec.tos);
  if (spec.port !== undefined) data.be16(IFLA_VXLAN_PORT, spec.port);
  if (spec.sourcePorts !== undefined) data.bytes(IFLA_VXLAN_PORT_RANGE, portRange(spec.sourcePorts));
  for (const [type, value] of switches(spec)) if (value !== undefined) data.u8(type, value ? 1 : 0);
  if (spec.gbp) data.flag(IFLA_VXLAN_GBP);
}

const switches = (spec: Vxlan) =>
  [
    [IFLA_VXLAN_LEARNING, spec.learning],
    [IFLA_VXLAN_COLLECT_METADATA, spec.external],
    [IFLA_VXLAN_UDP_CSUM, spec.udpChecksum],
    [IFLA_VXLAN_UDP_ZERO_CSUM6_TX, spec.udp6ZeroChecksumTx],
    [IFLA_VXLAN_UDP_ZERO_CSUM6_RX, spec.udp6ZeroChecksumRx],
  ] as const;

function writeAddress(data: AttrWriter, text: string, type4: number, type6: number): void {
  const address = parseIp(text);
  data.bytes(address.length === 4 ? type4 : type6, address);
}

/** `struct ifla_vxlan_port_range`: two 16-bit ports in network order. */
function portRange([first, last]: readonly [number, number]): Uint8Array {
  return new AttrWriter().struct(4, (put) => put.be16(0, first).be16(2, last)).finish();
}

/** Reads IFLA_INFO_DATA of a vxlan device. */
export function readVxlan(data: Iterable<Attr>): Vxlan {
  const info: { -readonly [K in keyof Vxlan]: Vxlan[K] } = { kind: 'vxlan' };
  const readers: Record<number, (attr: Attr) => void> = {
    [IFLA_VXLAN_ID]: (attr) => (info.id = attr.u32()),
    [IFLA_VXLAN_GROUP]: (attr) => (info.remote = formatIp(attr.exactly(4).bytes)),
    [IFLA_VXLAN_GROUP6]: (attr) => (info.remote = formatIp(attr.exactly(16).bytes)),
    [IFLA_VXLAN_LOCAL]: (attr) => (info.local = formatIp(attr.exactly(4).bytes)),
    [IFLA_VXLAN_LOCAL6]: (attr) => (info.local = formatIp(attr.exactly(16).bytes)),
    [IFLA_VXLAN_LINK]: (attr) => (info.linkIfindex = attr.u32()),
    [IFLA_VXLAN_TTL]: (attr) => (info.ttl = attr.u8()),
    [IFLA_VXLAN_TOS]: (attr) => (info.tos = attr.u8()),
    [IFLA_VXLAN_PORT]: (attr) => (info.port = attr.be16()),
    [IFLA_VXLAN_PORT_RANGE]: (attr) => (info.sourcePorts = [attr.exactly(4).be16(0), attr.payload.be16(2)]),
    [IFLA_VXLAN_LEARNING]: (attr) => (info.learning = attr.u8() !== 0),
    [IFLA_VXLAN_COLLECT_METADATA]: (attr) => (info.external = attr.u8() !== 0),
    [IFLA_VXLAN_UDP_CSUM]: (attr) => (info.udpChecksum = attr.u8() !== 0),
    [IFLA_VXLAN_UDP_ZERO_CSUM6_TX]: (attr) => (info.udp6ZeroChecksumTx = attr.u8() !== 0),
    [IFLA_VXLAN_UDP_ZERO_CSUM6_RX]: (attr) => (info.udp6ZeroChecksumRx = attr.u8() !== 0),
    [IFLA_VXLAN_GBP]: () => (info.gbp = true),
  };
  for (const attr of data) readers[attr.type]?.(attr);
  return info;
}

import { address, be, concat, mac } from './bytes.ts';
import { checksum } from './checksum.ts';

/** What a layer needs of the one below for its checksum. */
interface Pseudo {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/** One header (or the payload). `protocol` is its number in the header below: an ethertype or an IP protocol. */
interface Layer {
  readonly protocol: number;
  readonly pseudo?: Pseudo;
  build(payload: Uint8Array, next: number, below: Pseudo | undefined): Uint8Array;
}

export interface Ip4Options {
  readonly ttl?: number;
  readonly tos?: number;
  readonly id?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  /** Fragment offset in bytes, a multiple of 8. */
  readonly offset?: number;
  /** Header options, a multiple of 4 bytes. */
  readonly options?: Uint8Array;
  /** Lies, for malformed packets. */
  readonly version?: number;
  readonly headerLength?: number;
  readonly totalLength?: number;
  readonly protocol?: number;
}

export interface Ip6Options {
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly nextHeader?: number;
  readonly version?: number;
  readonly payloadLength?: number;
}

const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;

/** Protocol numbers of IANA, by the names that the tests use. */
export const protocols = {
  hopByHop: 0,
  icmp: 1,
  tcp: 6,
  udp: 17,
  fragment: 44,
  authentication: 51,
  icmp6: 58,
  none: 59,
  options: 60,
} as const;

function withChecksum(bytes: Uint8Array, at: number, sum: number): Uint8Array {
  bytes.set(be(2, sum), at);
  return bytes;
}

function pseudoHeader(below: Pseudo | undefined, protocol: number, length: number): Uint8Array {
  if (below === undefined) return new Uint8Array();
  return below.source.length === 4
    ? concat(below.source, below.destination, be(2, protocol), be(2, length))
    : concat(below.source, below.destination, be(4, length), be(4, protocol));
}

/**
 * A packet as a sentence: `eth().ip4('10.0.0.5', '10.0.0.7').udp(1, 2)`. Immutable; lengths, protocol numbers and checksums come right by
 * themselves unless an option lies about them. `bytes()` is the frame.
 */
export class Frame {
  readonly #layers: readonly Layer[];

  constructor(layers: readonly Layer[] = []) {
    this.#layers = layers;
  }

  #with(layer: Layer): Frame {
    return new Frame([...this.#layers, layer]);
  }

  /** An Ethernet header; `type` overrides the ethertype of what follows. */
  eth(source: string, destination: string, type?: number): Frame {
    return this.#with({
      protocol: 0,
      build: (payload, next) => concat(mac(destination), mac(source), be(2, type ?? next), payload),
    });
  }

  /** An 802.1Q tag. */
  vlan(id: number): Frame {
    return this.#with({ protocol: 0x8100, build: (payload, next) => concat(be(2, id), be(2, next), payload) });
  }

  /** ARP for Ethernet over IPv4; operation 1 asks, 2 answers. */
  arp(operation: number, sender: readonly [mac: string, ip: string], target: readonly [mac: string, ip: string]): Frame {
    const ends = [sender, target].flatMap(([hardware, ip]) => [mac(hardware), address(ip)]);
    return this.#with({
      protocol: 0x0806,
      build: (payload) => concat(be(2, 1), be(2, ETH_P_IP), Uint8Array.of(6, 4), be(2, operation), ...ends, payload),
    });
  }

  ip4(source: string, destination: string, options: Ip4Options = {}): Frame {
    const pseudo = { source: address(source), destination: address(destination) };
    return this.#with({ protocol: ETH_P_IP, pseudo, build: (payload, next) => concat(ip4Header(pseudo, payload, next, options), payload) });
  }

  ip6(source: string, destination: string, options: Ip6Options = {}): Frame {
    const { hopLimit = 64, trafficClass = 0, nextHeader, version = 6, payloadLength } = options;
    const pseudo = { source: address(source), destination: address(destination) };
    return this.#with({
      protocol: ETH_P_IPV6,
      pseudo,
      build: (payload, next) =>
        concat(
          be(4, version * 0x10000000 + trafficClass * 0x100000),
          be(2, payloadLength ?? payload.length),
          Uint8Array.of(nextHeader ?? next, hopLimit),
          pseudo.source,
          pseudo.destination,
          payload,
        ),
    });
  }

  /** An IPv6 extension header of `8 * (words + 1)` bytes, filled with padding; of any of the kinds with a length byte. */
  extension(protocol: number, words = 0): Frame {
    const padding = new Uint8Array(8 * words + 6);
    padding.set([1, padding.length - 2]);
    return this.#with({ protocol, build: (payload, next) => concat(Uint8Array.of(next, words), padding, payload) });
  }

  /** An IPv6 fragment header; `offset` in bytes. */
  fragment(offset: number, more = false, id = 1): Frame {
    return this.#with({
      protocol: protocols.fragment,
      build: (payload, next) => concat(Uint8Array.of(next, 0), be(2, offset | Number(more)), be(4, id), payload),
    });
  }

  udp(sourcePort: number, destinationPort: number): Frame {
    return this.#with({
      protocol: protocols.udp,
      build(payload, _, below) {
        const bytes = concat(be(2, sourcePort), be(2, destinationPort), be(2, 8 + payload.length), be(2, 0), payload);
        return withChecksum(bytes, 6, checksum(pseudoHeader(below, protocols.udp, bytes.length), bytes) || 0xffff);
      },
    });
  }

  /** TCP without options; flags as in the header (SYN 2, ACK 16). */
  tcp(sourcePort: number, destinationPort: number, flags = 0x10): Frame {
    return this.#with({
      protocol: protocols.tcp,
      build(payload, _, below) {
        const rest = concat(be(4, 1), be(4, 1), Uint8Array.of(0x50, flags), be(2, 1024), be(4, 0));
        const bytes = concat(be(2, sourcePort), be(2, destinationPort), rest, payload);
        return withChecksum(bytes, 16, checksum(pseudoHeader(below, protocols.tcp, bytes.length), bytes));
      },
    });
  }

  /** ICMP of either family, whichever is below; `info` is the second word (echo id and sequence, MTU, flags). */
  icmp(type: number, code = 0, info = 0): Frame {
    const v6 = this.#layers.some(({ pseudo }) => pseudo?.source.length === 16);
    const protocol = v6 ? protocols.icmp6 : protocols.icmp;
    return this.#with({
      protocol,
      build(payload, _, below) {
        const bytes = concat(Uint8Array.of(type, code), be(2, 0), be(4, info), payload);
        return withChecksum(bytes, 2, checksum(v6 ? pseudoHeader(below, protocol, bytes.length) : new Uint8Array(), bytes));
      },
    });
  }

  /** Bytes as they are, or this many counting ones. */
  payload(content: Uint8Array | number, protocol = 0): Frame {
    const bytes = typeof content === 'number' ? Uint8Array.from({ length: content }, (_, i) => i & 0xff) : content;
    return this.#with({ protocol, build: (payload) => concat(bytes, payload) });
  }

  bytes(): Uint8Array {
    let built: Uint8Array = new Uint8Array();
    let next = protocols.none as number;
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      const layer = this.#layers[i] as Layer;
      const below = this.#layers.slice(0, i).findLast(({ pseudo }) => pseudo !== undefined)?.pseudo;
      built = layer.build(built, next, below);
      next = layer.protocol;
    }
    return built;
  }

  /** What the IP layer and all above it take, as an ICMP error quotes it: up to 512 bytes, a multiple of 4. */
  quote(): Uint8Array {
    const packet = this.bytes().subarray(14);
    return packet.slice(0, Math.min(512, packet.length & ~3));
  }
}

function ip4Header({ source, destination }: Pseudo, payload: Uint8Array, next: number, options: Ip4Options): Uint8Array {
  const { ttl = 64, tos = 0, id = 0, dontFragment = false, moreFragments = false, offset = 0, options: extra = new Uint8Array() } = options;
  const { version = 4, headerLength = 20 + extra.length, totalLength = 20 + extra.length + payload.length, protocol = next } = options;
  const fragment = (dontFragment ? 0x4000 : 0) | (moreFragments ? 0x2000 : 0) | (offset / 8);
  const first = Uint8Array.of((version << 4) | (headerLength / 4), tos);
  const fixed = concat(first, be(2, totalLength), be(2, id), be(2, fragment), Uint8Array.of(ttl, protocol), be(2, 0), source, destination);
  const header = concat(fixed, extra);
  return withChecksum(header, 10, checksum(header));
}

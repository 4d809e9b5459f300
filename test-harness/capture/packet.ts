import type { PacketFrame } from '../../native/harness/index.ts';
import { type Decoded, decodeFrame } from './decode.ts';
import type { PcapPacket } from './pcapng.ts';

/** ARPHRD_* of devices whose frames begin with an Ethernet header (linux/if_arp.h): Ethernet, and loopback. */
const ETHERNET_LIKE: readonly number[] = [1, 772];

/** Bytes kept of each packet. */
const KEPT = 4096;

/** One packet of a capture: as it was, and decoded. */
export class Packet implements PcapPacket, Decoded {
  readonly time: bigint;
  readonly outgoing: boolean;
  /** at most the first 4096 bytes */
  readonly data: Uint8Array;
  readonly length: number;
  readonly hasEthernet: boolean;
  readonly #ifindex: number;
  readonly #nameOf: (ifindex: number) => string;
  readonly #decoded: Decoded;

  constructor(frame: PacketFrame, nameOf: (ifindex: number) => string) {
    this.time = frame.time;
    this.outgoing = frame.outgoing;
    this.length = frame.data.length;
    this.data = frame.data.length > KEPT ? frame.data.slice(0, KEPT) : frame.data;
    this.hasEthernet = ETHERNET_LIKE.includes(frame.hardwareType);
    this.#ifindex = frame.ifindex;
    this.#nameOf = nameOf;
    this.#decoded = decodeFrame(frame.data, this.hasEthernet);
  }

  /** The device; `ifN` for one that came and went unseen. */
  get interface(): string {
    return this.#nameOf(this.#ifindex);
  }

  get protocol(): string {
    return this.#decoded.protocol;
  }

  get summary(): string {
    return this.#decoded.summary;
  }

  get flags(): string {
    return this.#decoded.flags ?? '';
  }

  /** -1 without a VLAN tag. */
  get vlan(): number {
    return this.#decoded.vlan ?? -1;
  }

  /** '' where the packet has none, as for the other end. */
  get source(): string {
    return this.#decoded.source ?? '';
  }

  get destination(): string {
    return this.#decoded.destination ?? '';
  }

  /** 0 where the protocol has no ports. */
  get sourcePort(): number {
    return this.#decoded.sourcePort ?? 0;
  }

  get destinationPort(): number {
    return this.#decoded.destinationPort ?? 0;
  }

  /** One line; the time is told in seconds since `start`. */
  describe(start: bigint, place = ''): string {
    const seconds = (Number(this.time - start) / 1e9).toFixed(6);
    return `${seconds.padStart(10)} ${place}${this.interface} ${this.outgoing ? 'out' : 'in '} ${this.summary}`;
  }
}

/** Which packets: a function, or words. `host` is either end, `port` either port. */
export type PacketFilter = ((packet: Packet) => boolean) | { readonly protocol?: string; readonly host?: string; readonly port?: number };

/** The filter as a function. */
export function matcherOf(filter: PacketFilter | undefined): (packet: Packet) => boolean {
  if (filter === undefined) return () => true;
  if (typeof filter === 'function') return filter;
  const { protocol, host, port } = filter;
  return (packet) =>
    (protocol === undefined || packet.protocol === protocol) &&
    (host === undefined || packet.source === host || packet.destination === host) &&
    (port === undefined || packet.sourcePort === port || packet.destinationPort === port);
}

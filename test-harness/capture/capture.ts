import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { droppedFrames, openPacketSocket, type PacketFrame, receiveFrame } from '../../native/harness/index.ts';
import { type Fd, type FdWatcher, hasErrno, watchFd } from '../../native/index.ts';
import { HarnessError } from '../errors.ts';
import type { NetworkNamespace } from '../lab/namespace.ts';
import { matcherOf, Packet, type PacketFilter } from './packet.ts';
import { encodePcapng, type PcapPacket } from './pcapng.ts';

export interface CaptureOptions {
  /** one interface, by name; all of the namespace unless given, also those that come later */
  readonly interface?: string;
  /** which packets are kept; all unless given */
  readonly filter?: PacketFilter;
  /** packets kept, the newest (default 10 000) */
  readonly limit?: number;
}

/** Bytes of the socket's buffer: what comes while the test's process is busy waits there. */
const BUFFER = 8 * 1024 * 1024;
/** ARPHRD_LOOPBACK (linux/if_arp.h): a packet over loopback is seen as sent and as received; once is enough. */
const LOOPBACK = 772;

/** A running capture of a namespace's packets, in both directions. Dispose it, or `stop()` it and look at what it has. */
export class Capture implements AsyncDisposable {
  readonly at: NetworkNamespace;
  readonly #fd: Fd;
  readonly #watcher: FdWatcher;
  readonly #keep: (packet: Packet) => boolean;
  readonly #limit: number;
  readonly #names = new Map<number, string>();
  readonly #packets: Packet[] = [];
  readonly #listeners = new Set<() => void>();
  #dropped = 0;
  #naming: Promise<void> = Promise.resolve();

  private constructor(at: NetworkNamespace, fd: Fd, options: CaptureOptions) {
    this.at = at;
    this.#fd = fd;
    this.#keep = matcherOf(options.filter);
    this.#limit = options.limit ?? 10_000;
    this.#watcher = watchFd(fd, () => this.#drain());
    this.#watcher.unref();
  }

  /** Use {@link capture}. */
  static async start(at: NetworkNamespace, options: CaptureOptions): Promise<Capture> {
    using netns = at.netns();
    using netlink = await at.netlink();
    const only = options.interface === undefined ? undefined : await netlink.links.get(options.interface);
    const fd = await openPacketSocket(netns, { receiveBytes: BUFFER, ...(only === undefined ? {} : { ifindex: only.ifindex }) });
    const started = new Capture(at, fd, options);
    await started.#learnNames();
    return started;
  }

  /** What has come so far, in the order of time. */
  get packets(): readonly Packet[] {
    this.#drain();
    return this.#packets;
  }

  /** Packets that the kernel could not hand over because this process was too slow. */
  get dropped(): number {
    this.#countDrops();
    return this.#dropped;
  }

  /** The first packet, past or to come, that fits; throws TIMEOUT after `timeout` ms (default 2000). */
  async waitFor(filter: PacketFilter, timeout = 2000): Promise<Packet> {
    const fits = matcherOf(filter);
    const deadline = performance.now() + timeout;
    for (;;) {
      const found = this.packets.find(fits);
      if (found !== undefined) return found;
      const left = deadline - performance.now();
      if (left <= 0)
        throw new HarnessError('TIMEOUT', `wait for a packet on ${this.at.place.name}: not after ${timeout} ms\n${this.excerpt()}`);
      await this.#nextPacket(left);
    }
  }

  /** Takes what is still in the socket and ends the capture; its packets stay. Stopping twice is fine. */
  async stop(): Promise<this> {
    if (this.#fd.closed) return this;
    // the namespace may be gone already; then the names are those of before
    await this.#learnNames().catch(() => undefined);
    this.#drain();
    this.#countDrops();
    this.#watcher.close();
    this.#fd.close();
    return this;
  }

  /** The last `lines` packets (default 40), one a line; times in seconds since the first of the capture. */
  excerpt(lines = 40): string {
    return excerptOf([this], lines);
  }

  /** Writes a pcapng file, for Wireshark and tcpdump. */
  async write(path: string, comment?: string): Promise<void> {
    await writeCaptures([this], path, comment);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #drain(): void {
    if (this.#fd.closed) return;
    for (let frame = this.#receive(); frame !== undefined; frame = this.#receive()) this.#take(frame);
    for (const listener of this.#listeners) listener();
  }

  /** ENETDOWN comes once when the interface goes (packet(7)); it may come up again. */
  #receive(): PacketFrame | undefined {
    try {
      return receiveFrame(this.#fd);
    } catch (error) {
      if (hasErrno(error, 'ENETDOWN')) return undefined;
      throw error;
    }
  }

  #take(frame: PacketFrame): void {
    if (frame.outgoing && frame.hardwareType === LOOPBACK) return;
    if (!this.#names.has(frame.ifindex)) this.#naming = this.#naming.then(() => this.#learnNames()).catch(() => undefined);
    const packet = new Packet(frame, (ifindex) => this.#names.get(ifindex) ?? `if${ifindex}`);
    if (!this.#keep(packet)) return;
    this.#packets.push(packet);
    if (this.#packets.length > this.#limit) this.#packets.shift();
  }

  async #learnNames(): Promise<void> {
    using netlink = await this.at.netlink();
    for (const link of await netlink.links.list()) this.#names.set(link.ifindex, link.name);
  }

  #countDrops(): void {
    if (!this.#fd.closed) this.#dropped += droppedFrames(this.#fd);
  }

  #nextPacket(timeout: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeout);
      this.#listeners.add(done);
    });
  }
}

/**
 * Captures the packets of a namespace until it is stopped or disposed. Packets that are sent after this resolves are in it. Throws
 * NetlinkError (ENODEV) for an interface that is not there.
 */
export function capture(at: NetworkNamespace, options: CaptureOptions = {}): Promise<Capture> {
  return Capture.start(at, options);
}

/** The packets of several captures in the order of time. */
function merged(captures: readonly Capture[]): { packet: Packet; place: string }[] {
  const rows = captures.flatMap((each) => each.packets.map((packet) => ({ packet, place: `${each.at.name}:` })));
  return rows.sort((a, b) => (a.packet.time < b.packet.time ? -1 : a.packet.time > b.packet.time ? 1 : 0));
}

/** The last `lines` packets of several captures, one a line, in the order of time. */
export function excerptOf(captures: readonly Capture[], lines = 40): string {
  const rows = merged(captures);
  const start = rows[0]?.packet.time ?? 0n;
  const lost = captures.reduce((sum, each) => sum + each.dropped, 0);
  return [
    ...(rows.length > lines ? [`(${rows.length - lines} earlier packets)`] : []),
    ...rows.slice(-lines).map(({ packet, place }) => packet.describe(start, captures.length > 1 ? place : '')),
    ...(rows.length === 0 ? ['no packets'] : []),
    ...(lost > 0 ? [`(${lost} packets lost: this process was too slow)`] : []),
  ].join('\n');
}

/** One pcapng file of several captures; its interfaces are called `NAMESPACE:DEVICE`. */
export async function writeCaptures(captures: readonly Capture[], path: string, comment?: string): Promise<void> {
  const packets = merged(captures).map(({ packet, place }): PcapPacket => {
    const { time, outgoing, data, length, hasEthernet } = packet;
    return { time, outgoing, data, length, hasEthernet, interface: `${place}${packet.interface}` };
  });
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, encodePcapng(packets, comment));
}

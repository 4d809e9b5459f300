import { type Measurement, type MeterOptions, measure } from '../../native/harness/index.ts';
import { type Family, familyOf } from '../lab/address.ts';
import type { NetworkNamespace } from '../lab/namespace.ts';
import { type Summary, summarize } from './statistics.ts';

export interface MeterSettings {
  /** family of the server's address (default 4); not needed with `address` */
  readonly family?: Family;
  /** one of the server's addresses, or one that leads to it; unless given its first global one of the family */
  readonly address?: string;
  /** milliseconds that count (default 1000), and those before them that do not (default 100) */
  readonly duration?: number;
  readonly warmup?: number;
  /** processors that client and server are pinned to, from 0; the scheduler's choice unless given, which makes numbers jump */
  readonly clientCpu?: number;
  readonly serverCpu?: number;
}

export interface RoundTripSettings extends MeterSettings {
  /** what carries the message (default tcp) */
  readonly protocol?: 'tcp' | 'udp';
  /** of the message, which comes back as it is (default 14, as sockperf has it) */
  readonly bytes?: number;
}

export interface ConnectionReport {
  /** connections that were made one after the other by one client */
  readonly count: number;
  readonly perSecond: number;
  /** of a TCP handshake, in microseconds */
  readonly handshake: Summary;
}

export interface RoundTripReport {
  readonly count: number;
  /** processor time that one took there and back, in microseconds: of both ends and of the kernel between them */
  readonly processorPerTrip: number;
  /** there and back, in microseconds */
  readonly roundTrip: Summary;
}

export interface ThroughputReport {
  /** what the server received */
  readonly bytes: number;
  readonly bitsPerSecond: number;
  /** milliseconds of processor that 10^9 bytes took: of both ends and of the kernel between them */
  readonly processorPerGigabyte: number;
}

/**
 * How many TCP connections one client makes in a second, one after the other; each is closed by a reset, so that no port is held back. As all meters
 * here: real sockets in both namespaces, each side a thread of the test process without JavaScript. Throws SyscallError when a connection fails
 * (ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT after 5 s).
 */
export async function connectionRate(
  from: NetworkNamespace,
  to: NetworkNamespace,
  settings: MeterSettings = {},
): Promise<ConnectionReport> {
  const { count, elapsed, samples } = await run(from, to, 'connections', 1, settings);
  return { count, perSecond: (count / elapsed) * 1000, handshake: summarize(samples) };
}

/**
 * How long a small message takes there and back over one TCP connection (Nagle's algorithm off), or as a datagram of UDP. Throws SyscallError; EAGAIN
 * when a datagram is lost.
 */
export async function roundTrip(from: NetworkNamespace, to: NetworkNamespace, settings: RoundTripSettings = {}): Promise<RoundTripReport> {
  const kind = settings.protocol === 'udp' ? 'datagrams' : 'roundTrips';
  const { count, processor, samples } = await run(from, to, kind, settings.bytes ?? 14, settings);
  return { count, processorPerTrip: (processor * 1000) / count, roundTrip: summarize(samples) };
}

/** iperf3's size of a write to a TCP stream. */
const WRITE = 128 * 1024;

/** How much one TCP stream carries. Throws SyscallError. */
export async function throughput(from: NetworkNamespace, to: NetworkNamespace, settings: MeterSettings = {}): Promise<ThroughputReport> {
  const { bytes, elapsed, processor } = await run(from, to, 'stream', WRITE, settings);
  return { bytes, bitsPerSecond: (bytes * 8000) / elapsed, processorPerGigabyte: (processor * 1e9) / bytes };
}

async function run(
  from: NetworkNamespace,
  to: NetworkNamespace,
  kind: MeterOptions['kind'],
  bytes: number,
  settings: MeterSettings,
): Promise<Measurement> {
  const { duration = 1000, warmup = 100, clientCpu, serverCpu } = settings;
  const address = settings.address ?? (await to.address(settings.family ?? 4));
  using client = from.netns();
  using server = to.netns();
  const cpus = { ...(clientCpu === undefined ? {} : { clientCpu }), ...(serverCpu === undefined ? {} : { serverCpu }) };
  return await measure({ kind, client, server, family: familyOf(address), address, bytes, duration, warmup, ...cpus });
}

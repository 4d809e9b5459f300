import { readdirSync, readFileSync } from 'node:fs';
import { awaiting } from '../errors.ts';
import type { Netns } from '../netns.ts';
import { harness } from './addon.ts';

/** What to measure, by the numbers of the addon. */
const KIND = { connections: 0, roundTrips: 1, stream: 2, datagrams: 3 } as const;
/** linux/socket.h */
const FAMILY = { 4: 2, 6: 10 } as const;

export interface MeterOptions {
  /**
   * `connections`: TCP handshakes one after the other; `roundTrips`: a message there and back over TCP; `datagrams`: the same over UDP; `stream`: one
   * TCP stream as fast as it goes
   */
  readonly kind: keyof typeof KIND;
  readonly client: Netns;
  readonly server: Netns;
  readonly family: 4 | 6;
  /** the server's, as the client reaches it */
  readonly address: string;
  /** size of a message, or of one write of a stream */
  readonly bytes: number;
  /** milliseconds that count, and those before them that do not */
  readonly duration: number;
  readonly warmup: number;
  /** processors that the two threads are pinned to; the scheduler's choice when absent */
  readonly clientCpu?: number;
  readonly serverCpu?: number;
}

/** What was counted after the warm-up. */
export interface Measurement {
  /** connections, round trips or writes */
  readonly count: number;
  /** what the server of a stream received; 0 for the other kinds */
  readonly bytes: number;
  /** milliseconds from the first to the last that counts */
  readonly elapsed: number;
  /**
   * milliseconds of processor meanwhile: of both threads, with what the kernel does for them in their own calls, and of the kernel's threads for
   * deferred packets (ksoftirqd), which serve all processes
   */
  readonly processor: number;
  /** microseconds of each connection or round trip, at most 2^20 of them; none for a stream */
  readonly samples: Float64Array;
}

const NS_PER_MS = 1e6;

let softirq: readonly number[] | undefined;

/** Process ids of the kernel's ksoftirqd threads; none inside a pid namespace. They live as long as the kernel. */
function softirqThreads(): readonly number[] {
  softirq ??= readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && commandOf(name).startsWith('ksoftirqd/'))
    .map(Number);
  return softirq;
}

/** Empty for a process that has just ended. */
function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Puts a server thread and a client thread of this process into two namespaces and lets them talk over blocking sockets, without JavaScript.
 * Throws SyscallError: ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT (after 5 s), EAGAIN when the other side falls silent for 5 s, or a datagram is lost.
 */
export async function measure(options: MeterOptions): Promise<Measurement> {
  const { kind, client, server, family, address, bytes, duration, warmup, clientCpu = -1, serverCpu = -1 } = options;
  const raw = await awaiting(`measure ${kind} to ${address}`, () =>
    harness().meter(
      KIND[kind],
      client.use(),
      server.use(),
      FAMILY[family],
      address,
      bytes,
      duration * NS_PER_MS,
      warmup * NS_PER_MS,
      clientCpu,
      serverCpu,
      softirqThreads(),
    ),
  );
  return {
    count: raw.count,
    bytes: raw.bytes,
    elapsed: raw.nanoseconds / NS_PER_MS,
    processor: raw.processorNanoseconds / NS_PER_MS,
    samples: raw.samples.map((ns) => ns / 1000),
  };
}

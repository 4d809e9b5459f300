import { loadAddon } from '../binding.ts';

/** A frame from a packet socket; `packetType` is PACKET_*, `hardwareType` ARPHRD_*, `time` in nanoseconds since 1970. */
export interface RawFrame {
  readonly data: Uint8Array;
  readonly time: bigint;
  readonly ifindex: number;
  readonly packetType: number;
  readonly hardwareType: number;
}

/** Handle of a wire between two TAP devices; only good for wireSet and wireStop. */
export type WireHandle = object & { readonly __wire?: never };

/** What a meter counted; times in nanoseconds. */
export interface RawMeasurement {
  readonly count: number;
  readonly bytes: number;
  readonly nanoseconds: number;
  readonly processorNanoseconds: number;
  readonly samples: Float64Array;
}

/** axoneme-harness.node: tools of the test harness, which no executable of a node carries. `netns` is a descriptor of a network namespace. */
export interface HarnessAddon {
  /** `ifindex` 0: all interfaces; `receiveBytes`: SO_RCVBUF, 0 for the default. */
  packetOpen(netns: number, ifindex: number, receiveBytes: number): Promise<number>;
  packetReceive(fd: number): RawFrame | undefined;
  /** Frames lost since the last call. */
  packetDrops(fd: number): number;
  /** Makes a TAP device in `netns`; it goes with the descriptor. */
  tapOpen(netns: number, name: string): Promise<number>;
  tapCarrier(tap: number, on: boolean): void;
  wireStart(left: number, right: number): WireHandle;
  wireSet(wire: WireHandle, delayNs: number, jitterNs: number): void;
  wireStop(wire: WireHandle): void;
  /** Resolves when the lock is held. */
  deviceLockHold(netns: number, milliseconds: number): Promise<void>;
  /** `kind`: 0 connections, 1 round trips, 2 stream, 3 datagrams there and back; processors -1: wherever the scheduler likes. */
  meter(
    kind: number,
    clientNetns: number,
    serverNetns: number,
    family: number,
    address: string,
    bytes: number,
    durationNs: number,
    warmupNs: number,
    clientCpu: number,
    serverCpu: number,
    workers: readonly number[],
  ): Promise<RawMeasurement>;
}

/** Throws when the file is not there: a checkout that is not built. */
export function harness(): HarnessAddon {
  return loadAddon('axoneme-harness.node') as HarnessAddon;
}

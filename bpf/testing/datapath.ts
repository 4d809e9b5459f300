import { join } from 'node:path';
import { BpfMap, type BpfObject, loadObject, type Netns, openRingBuffer, type RingBufferReader, testRun } from '../../native/index.ts';
import { decodeEvent } from '../event.ts';
import {
  type DatapathSettings,
  direction,
  dropReason,
  maps,
  type PacketEvent,
  type ProgramName,
  programs,
  type RateKind,
  rateKind,
} from '../layout.generated.ts';
import { deviceOf, endpointEntries, self, settings } from './world.ts';

const root = join(import.meta.dirname, '..', '..');

/** Offsets in struct __sk_buff (include/uapi/linux/bpf.h) of what BPF_PROG_TEST_RUN lets us set. */
const SK_BUFF = { bytes: 192, mark: 8, ingressIfindex: 36, gsoSegments: 164, gsoSize: 176 } as const;

/** Parts of a source's budget, 6 bits (RATE_PART_BITS in rate.h). */
const ALL_PARTS = Array.from({ length: 64 }, (_, part) => part);
/** Of CLOCK_MONOTONIC, in nanoseconds. */
const NEVER = 1n << 62n;

export interface RunOptions {
  /** Payload bytes per segment: the packet counts as a GSO packet of two or more. */
  readonly gsoSize?: number;
  /** The packet is just being sent by the pod, as a netkit's program sees it; else it has arrived at the device of the program. */
  readonly isSent?: boolean;
  /** The packet's mark (SO_MARK, nftables); default 0. */
  readonly mark?: number;
  /** How often the program runs on the packet, each time on what the time before left; default 1. */
  readonly repeat?: number;
}

/** What one program did to one packet. */
export interface Outcome {
  /** TC_ACT_*: 0 pass, 2 drop, 7 redirect. */
  readonly verdict: number;
  readonly data: Uint8Array;
  /** The packet's mark afterwards. */
  readonly mark: number;
  /** `REASON direction` → packets, of axo_metrics. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly events: readonly PacketEvent[];
}

const nameOf = (table: Readonly<Record<string, number>>, value: number) =>
  Object.keys(table).find((name) => table[name] === value) ?? String(value);

/** One program, freshly loaded with maps of its own, in a world of three pods (world.ts). Dispose it. */
export class Datapath {
  readonly #object: BpfObject;
  readonly #program: ProgramName;
  readonly #netns: Netns | undefined;
  readonly #events: PacketEvent[] = [];
  readonly #reader: RingBufferReader;

  private constructor(object: BpfObject, program: ProgramName, netns: Netns | undefined) {
    this.#object = object;
    this.#program = program;
    this.#netns = netns;
    this.#reader = openRingBuffer(object.map('axo_events'), (record) => this.#events.push(decodeEvent(record)));
  }

  /** `maxEntries`: sizes of maps that differ from the usual. */
  static async load(
    program: ProgramName,
    changes: Partial<DatapathSettings> = {},
    netns?: Netns,
    maxEntries: Readonly<Record<string, number>> = {},
  ): Promise<Datapath> {
    const path = join(root, 'dist', 'bpf', `${programs[program].object}.o`);
    const small = { axo_ipcache: 16, axo_endpoints: 64, axo_devices: 64, ...maxEntries };
    const object = await loadObject({ path, rodata: { ...settings, ...changes }, maxEntries: small });
    const datapath = new Datapath(object, program, netns);
    datapath.reset();
    return datapath;
  }

  /** The world as world.ts has it, nothing counted, nothing in the ring buffer: as good as a fresh load, and fifty times as fast. */
  reset(): void {
    this.map('axo_metrics').clear();
    this.map('axo_rates').clear();
    this.map('axo_devices').clear();
    const endpoints = this.map('axo_endpoints');
    endpoints.clear();
    for (const { key, value } of endpointEntries()) endpoints.set(key, value);
    this.map('axo_devices').set({ ifindex: self.ifindex }, deviceOf(self));
    this.map('axo_settings').set(0, { trace: 0 });
    this.#readEvents().length = 0;
  }

  /** A map of the object with its generated layout. */
  map<N extends 'axo_endpoints' | 'axo_devices' | 'axo_metrics' | 'axo_rates' | 'axo_scratch' | 'axo_scratch_use' | 'axo_settings'>(
    name: N,
  ) {
    const { key, value } = maps[name];
    return new BpfMap(this.#object.map(name), key as never, value as never) as unknown as MapOf<N>;
  }

  /** From now on the source behind a device has no budget of this kind left; `parts` as in struct rate_key, all when absent. */
  spend(kind: RateKind, { ifindex = self.ifindex, parts = ALL_PARTS }: { ifindex?: number; parts?: readonly number[] } = {}): void {
    for (const part of parts) this.map('axo_rates').set({ ifindex, kind: rateKind[kind], part }, { due: NEVER });
  }

  /** From now on somebody listens to traces. */
  listenToTraces(): void {
    this.map('axo_settings').set(0, { trace: 1 });
  }

  run(data: Uint8Array, { gsoSize = 0, isSent = false, mark = 0, repeat = 1 }: RunOptions = {}): Outcome {
    const context = new Uint8Array(SK_BUFF.bytes);
    const view = new DataView(context.buffer);
    view.setUint32(SK_BUFF.ingressIfindex, isSent ? 0 : self.ifindex, true);
    view.setUint32(SK_BUFF.mark, mark, true);
    view.setUint32(SK_BUFF.gsoSize, gsoSize, true);
    view.setUint32(SK_BUFF.gsoSegments, gsoSize && Math.ceil(data.length / gsoSize), true);
    const input = { data, context, repeat, ...(this.#netns && { netns: this.#netns }) };
    const { retval, data: after, context: left } = testRun(this.#object.program(this.#program), input);
    const markAfter = new DataView(left.buffer).getUint32(SK_BUFF.mark, true);
    return { verdict: retval, data: after, mark: markAfter, metrics: this.#metrics(), events: this.#readEvents().splice(0) };
  }

  #readEvents(): PacketEvent[] {
    while (this.#reader.consume() > 0);
    return this.#events;
  }

  #metrics(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const [key, values] of this.map('axo_metrics').entriesAll()) {
      const name = `${nameOf(dropReason, key.reason)} ${nameOf(direction, key.direction)}`;
      sums[name] = values.reduce((sum, { packets }) => sum + Number(packets), sums[name] ?? 0);
    }
    return sums;
  }

  [Symbol.dispose](): void {
    this.#reader.close();
    this.#object.close();
  }
}

type LayoutOf<L> = L extends { decode(bytes: Uint8Array): infer T } ? T : never;
type MapOf<N extends keyof typeof maps> = (typeof maps)[N] extends { key: infer K; value: infer V }
  ? BpfMap<LayoutOf<K>, LayoutOf<V>>
  : never;

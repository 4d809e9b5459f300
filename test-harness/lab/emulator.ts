import {
  AttachType,
  createLink,
  deleteQdisc,
  type Fd,
  hasErrno,
  loadProgram,
  Netns,
  ProgramType,
  type QdiscSpec,
  Rtnetlink,
  replaceQdisc,
  silentLoss,
  updateLink,
} from '../../native/index.ts';
import type { LinkEnd } from './link-types.ts';
import { bucket, type LinkShape } from './shape.ts';

/** Packets that netem keeps under way, each way; tc-netem(8)'s own 1000 are 12 ms at 1 Gbit/s. */
const NETEM_LIMIT = 10_000;

let netem: Promise<boolean> | undefined;

/** Whether the kernel has the network emulator (CONFIG_NET_SCH_NETEM), found by using it in a namespace of its own. */
export function hasNetem(): Promise<boolean> {
  netem ??= probeNetem();
  return netem;
}

async function probeNetem(): Promise<boolean> {
  using netns = await Netns.create();
  using netlink = await Rtnetlink.open(netns);
  const { ifindex } = await netlink.links.get('lo');
  try {
    await netlink.batch([replaceQdisc({ kind: 'netem', ifindex, limit: 1 })]);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

/** The root disciplines of both ends of a cable, by which rate (and with netem everything) is shaped. */
export class Disciplines {
  readonly #ends: readonly LinkEnd[];
  #current = '';

  constructor(ends: readonly LinkEnd[]) {
    this.#ends = ends;
  }

  /** All of a shape by netem; an empty one takes it away. */
  async netem(shape: LinkShape): Promise<void> {
    const isPlain = Object.values(shape).every((value) => value === 0 || value === undefined);
    await this.#set((ifindex) => (isPlain ? undefined : { kind: 'netem', ifindex, limit: NETEM_LIMIT, ...shape }));
  }

  /** A rate by the token bucket filter; undefined takes the limit away. */
  async rate(rate: number | undefined, mtu: number): Promise<void> {
    await this.#set((ifindex) => (rate === undefined ? undefined : { kind: 'tbf', ifindex, rate, ...bucket(rate, mtu) }));
  }

  async #set(spec: (ifindex: number) => QdiscSpec | undefined): Promise<void> {
    const next = JSON.stringify(spec(0) ?? '');
    if (next === this.#current || (next === '""' && this.#current === '')) return;
    for (const { machine, ifindex } of this.#ends) {
      using netlink = await machine.netlink();
      const wanted = spec(ifindex);
      await netlink.batch([wanted === undefined ? deleteQdisc(ifindex) : replaceQdisc(wanted)]);
    }
    this.#current = next === '""' ? '' : next;
  }
}

/** Loss by a program at each end of a cable, on its way out; attached only while something is to be lost. */
export class LossPrograms {
  readonly #ends: readonly LinkEnd[];
  #links: Fd[] = [];
  #current = 0;

  constructor(ends: readonly LinkEnd[]) {
    this.#ends = ends;
  }

  /** From 0 to 1. A change swaps the programs in place, so that no frame passes unjudged. Throws Unsupported without tcx (kernel 6.6). */
  async set(probability: number): Promise<void> {
    if (probability === this.#current) return;
    if (probability === 0) this.close();
    else {
      using program = loadProgram(`loss of ${probability}`, ProgramType.schedCls, silentLoss(probability));
      if (this.#links.length > 0) for (const link of this.#links) await updateLink(link, program);
      else await this.#attach(program);
    }
    this.#current = probability;
  }

  async #attach(program: Fd): Promise<void> {
    try {
      for (const { machine, ifindex } of this.#ends) {
        using netns = machine.netns();
        this.#links.push(await createLink({ program, ifindex, netns, attachType: AttachType.tcxEgress }));
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Takes the programs away. Their machines may be gone. */
  close(): void {
    for (const link of this.#links) link.close();
    this.#links = [];
    this.#current = 0;
  }
}

import { HarnessError } from '../errors.ts';
import type { Prefix } from './address.ts';
import type { Cable } from './cable.ts';
import { Disciplines, hasNetem, LossPrograms } from './emulator.ts';
import type { LinkEnd, Wiring } from './link-types.ts';
import { checkShape, type Emulation, type LinkShape } from './shape.ts';

export interface LinkOptions extends LinkShape {
  /** one prefix per family at most; unless given the lab numbers links by itself, from its address plan */
  readonly subnets?: readonly string[];
  /** bytes; both ends (default 1500) */
  readonly mtu?: number;
  /** interface names of the two ends; `eth0`, `eth1`, ... in the order of a machine's links unless given */
  readonly names?: readonly [string, string];
  /**
   * TAP devices and a thread of the test process instead of a veth pair: what gives a cable a delay on a kernel without netem, and what alone can
   * take the carrier away. Default: only where a delay is asked for and there is no netem
   */
  readonly relay?: boolean;
}

/** A cable between two machines. */
export class Link implements Wiring {
  readonly ends: readonly [LinkEnd, LinkEnd];
  readonly subnets: readonly Prefix[];
  readonly mtu: number;
  readonly #cable: Cable;
  readonly #disciplines: Disciplines;
  readonly #programs: LossPrograms;
  #shape: LinkShape = {};
  #emulation: Emulation = {};
  #cut: { readonly carrier: boolean } | undefined;
  #last: Promise<void> = Promise.resolve();

  /** Use {@link Lab.connect}. */
  constructor(wiring: Wiring, cable: Cable) {
    this.ends = wiring.ends;
    this.subnets = wiring.subnets;
    this.mtu = wiring.mtu;
    this.#cable = cable;
    this.#disciplines = new Disciplines(this.ends);
    this.#programs = new LossPrograms(this.ends);
  }

  get shape(): LinkShape {
    return this.#shape;
  }

  /** By what means the shape is brought about on this machine: tests that depend on it can print it. */
  get emulation(): Emulation {
    return this.#emulation;
  }

  get isCut(): boolean {
    return this.#cut !== undefined;
  }

  /**
   * Gives the cable a shape, in place of the one it had; `{}` makes it a plain cable. Takes effect for frames sent from then on. Throws BAD_SHAPE;
   * NO_EMULATION for a delay where the kernel has no netem and the link was not laid as a relay.
   */
  async set(shape: LinkShape): Promise<void> {
    checkShape(shape);
    await this.#queue(() => this.#apply(shape, this.#cut));
  }

  /**
   * Cuts the cable: from now on all frames are lost, each way, and nobody is told, as behind a switch. With `carrier` both ends lose their carrier
   * too, as when the plug is pulled: addresses stay, routes become `linkdown`. Throws NO_EMULATION for the latter unless the link is a relay.
   */
  async cut(options: { readonly carrier?: boolean } = {}): Promise<void> {
    await this.#queue(() => this.#apply(this.#shape, { carrier: options.carrier ?? false }));
  }

  /** Mends a cut cable; it has its shape as before. */
  async restore(): Promise<void> {
    await this.#queue(() => this.#apply(this.#shape, undefined));
  }

  /** Lets go of what the test process holds for the link. The lab does this. */
  close(): void {
    this.#programs.close();
    this.#cable.close();
  }

  /** One change after the other, whether those before it succeed or not. */
  #queue(change: () => Promise<void>): Promise<void> {
    const done = this.#last.then(change);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #apply(shape: LinkShape, cut: { readonly carrier: boolean } | undefined): Promise<void> {
    if (cut?.carrier && this.#cable.setCarrier === undefined)
      throw new HarnessError('NO_EMULATION', `take the carrier of ${this.#title()} away: lay it with relay: true, a veth pair cannot`);
    const loss = cut === undefined ? (shape.loss ?? 0) : 1;
    this.#emulation =
      this.#cable.kind === 'veth' && (await hasNetem()) ? await this.#byNetem(shape, loss) : await this.#byParts(shape, loss);
    if (cut?.carrier !== this.#cut?.carrier) this.#cable.setCarrier?.(!cut?.carrier);
    this.#shape = shape;
    this.#cut = cut;
  }

  async #byNetem(shape: LinkShape, loss: number): Promise<Emulation> {
    await this.#disciplines.netem({ ...shape, loss });
    return { ...means('delay', 'netem', hasDelay(shape)), ...means('loss', 'netem', loss > 0), ...means('rate', 'netem', hasRate(shape)) };
  }

  async #byParts(shape: LinkShape, loss: number): Promise<Emulation> {
    if (hasDelay(shape) && this.#cable.setDelay === undefined)
      throw new HarnessError(
        'NO_EMULATION',
        `delay ${this.#title()}: this kernel has no netem; lay it with a delay from the start, or relay: true`,
      );
    this.#cable.setDelay?.(shape.delay ?? 0, shape.jitter ?? 0);
    await this.#programs.set(loss);
    await this.#disciplines.rate(shape.rate, this.mtu);
    return { ...means('delay', 'relay', hasDelay(shape)), ...means('loss', 'ebpf', loss > 0), ...means('rate', 'tbf', hasRate(shape)) };
  }

  #title(): string {
    return `the link between ${this.ends.map((end) => end.machine.name).join(' and ')}`;
  }
}

function means<K extends keyof Emulation>(key: K, by: Exclude<Emulation[K], undefined>, used: boolean): Emulation {
  return used ? { [key]: by } : {};
}

export function hasDelay({ delay = 0, jitter = 0 }: LinkShape): boolean {
  return delay > 0 || jitter > 0;
}

const hasRate = ({ rate }: LinkShape) => rate !== undefined;

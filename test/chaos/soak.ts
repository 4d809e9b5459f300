import { deepStrictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { attachmentOf, type Pod } from '../../test-harness/index.ts';
import { residentMegabytes } from '../bench/process.ts';
import { executables } from '../support/axoneme.ts';
import type { Form, Order, Tally } from './driver.ts';
import { Random } from './random.ts';
import { Ward } from './ward.ts';

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  /** pods that are added 20 at a time at the end */
  readonly pods: number;
  /** told of the progress, a line at a time */
  readonly tell: (line: string) => void;
}

/** What a soak found; it throws when something leaked, failed or stopped. */
export interface SoakReport {
  /** by the form of the plugin that they went through */
  readonly cycles: Readonly<Record<string, number>>;
  readonly killedPlugins: number;
  readonly killedDaemons: number;
  readonly refused: number;
  /** daemon memory in MB (10^6 bytes) after its first 1,000 cycles and at the end; undefined when there were too few */
  readonly memory: { readonly before: number; readonly after: number } | undefined;
}

const WORKERS = 4;
/** Seconds of cycles between two looks at the books. */
const ROUND = 15;
/** Cycles after which the daemon's memory counts as grown up. */
const GROWN = 1000;
/** One plugin process of this many percent dies. */
const KILLED = 10;
/** Memory that the daemon may gain after its first {@link GROWN} cycles. */
const GROWTH = 1.1;
const AT_ONCE = 20;
/** What a runtime starts, and what that becomes when the daemon cannot take the call; here now and then from the beginning. */
const FORMS: readonly Form[] = [
  { name: 'by the launcher', path: executables.plugin, share: 85 },
  { name: 'cold', path: executables.cold, share: 15 },
];

/**
 * ADDs and DELs in cycles, with random deaths of plugins. In the first half of the time the daemon dies as well, every few seconds; in the second half
 * it lives, so that its memory can be judged. After every round all books must agree, and at the end two pods that talked all the time must not
 * have lost a byte.
 */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  await using ward = await Ward.open({ pods: true, failpoints: false, warm: true });
  const run = new Soak(ward, options);
  await run.rounds(options.seconds / 2, { withDaemonDeaths: true });
  await ward.restart();
  await run.rounds(options.seconds / 2, { withDaemonDeaths: false });
  await run.crowd();
  await ward.expectSteadyTraffic();
  return run.report();
}

class Soak {
  readonly #ward: Ward;
  readonly #options: SoakOptions;
  readonly #random: Random;
  readonly #netns: string[] = [];
  readonly #began = performance.now();
  readonly #cycles: Record<string, number> = {};
  #killedPlugins = 0;
  #killedDaemons = 0;
  #refused = 0;
  #cyclesOfLife = 0;
  #memory: { before: number; after: number } | undefined;

  constructor(ward: Ward, options: SoakOptions) {
    this.#ward = ward;
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  async rounds(seconds: number, { withDaemonDeaths }: { withDaemonDeaths: boolean }): Promise<void> {
    const end = performance.now() + seconds * 1000;
    this.#cyclesOfLife = 0;
    while (performance.now() < end) {
      const duration = Math.min(ROUND * 1000, end - performance.now());
      await this.#round(duration, withDaemonDeaths);
      await this.#ward.expectBooks();
      if (!withDaemonDeaths) await this.#weigh();
      this.#options.tell(this.#line());
    }
  }

  async #round(duration: number, withDaemonDeaths: boolean): Promise<void> {
    for (let i = this.#netns.length; i < WORKERS; i++) this.#netns.push((await this.#ward.node.addPod(`worker${i}`)).netnsPath);
    const seed = this.#random.integer(0, 2 ** 31);
    const order: Order = { forms: FORMS, seed, netns: this.#netns, duration, killed: KILLED };
    const driver = [process.execPath, join(import.meta.dirname, 'driver.ts'), JSON.stringify(order)];
    const over = new AbortController();
    const deaths = withDaemonDeaths ? this.#killDaemons(over.signal) : undefined;
    const output = await this.#ward.node.run(driver, { timeout: duration + 120_000 }).finally(() => over.abort());
    await deaths;
    this.#count(JSON.parse(output), withDaemonDeaths);
  }

  /** Kills the daemon now and then, or ends it in order; it is back soon. Ends when the round does. */
  async #killDaemons(over: AbortSignal): Promise<void> {
    for (;;) {
      const waited = await sleep(this.#random.integer(500, 5000), true, { signal: over }).catch(() => false);
      if (!waited) return;
      if (this.#random.chance(0.2)) await this.#ward.daemon.stop('SIGTERM');
      await this.#ward.restart();
      this.#killedDaemons += 1;
    }
  }

  #count(tally: Tally, withDaemonDeaths: boolean): void {
    deepStrictEqual(tally.failures, []);
    if (!withDaemonDeaths) deepStrictEqual(tally.refused, 0);
    for (const [form, cycles] of Object.entries(tally.cycles)) this.#cycles[form] = (this.#cycles[form] ?? 0) + cycles;
    this.#cyclesOfLife += total(tally.cycles);
    this.#killedPlugins += tally.killed;
    this.#refused += tally.refused;
  }

  async #weigh(): Promise<void> {
    const now = residentMegabytes(this.#ward.daemon.pid ?? 0);
    if (this.#memory !== undefined) this.#memory.after = now;
    else if (this.#cyclesOfLife >= GROWN) this.#memory = { before: now, after: now };
  }

  /** Many pods on one node, {@link AT_ONCE} at a time, none of which may fail; then they go the same way. */
  async crowd(): Promise<void> {
    const { node, runtime, network } = this.#ward;
    const pods: Pod[] = [];
    for (let i = 0; i < this.#options.pods; i++) pods.push(await node.addPod(`crowd${i}`));
    await inGroups(pods, async (pod) => void (await runtime.add(network, attachmentOf(pod))));
    await this.#ward.expectBooks(...pods);
    this.#options.tell(`${pods.length} pods, ${AT_ONCE} at a time: all there`);
    await inGroups(pods, (pod) => runtime.del(network, attachmentOf(pod)));
    await this.#ward.expectBooks();
  }

  report(): SoakReport {
    const memory = this.#memory;
    if (memory !== undefined && memory.after > memory.before * GROWTH) {
      throw new Error(`soak: the daemon grew from ${memory.before.toFixed(1)} to ${memory.after.toFixed(1)} MB`);
    }
    const { cycles, killedPlugins, killedDaemons, refused } = this.#counters();
    return { cycles, killedPlugins, killedDaemons, refused, memory };
  }

  #counters() {
    return { cycles: this.#cycles, killedPlugins: this.#killedPlugins, killedDaemons: this.#killedDaemons, refused: this.#refused };
  }

  #line(): string {
    const seconds = (performance.now() - this.#began) / 1000;
    const megabytes = residentMegabytes(this.#ward.daemon.pid ?? 0).toFixed(1);
    return `${seconds.toFixed(0)} s: ${inWords(this.#counters())}, daemon ${megabytes} MB, no leaks`;
  }
}

const total = (cycles: Readonly<Record<string, number>>): number => Object.values(cycles).reduce((sum, one) => sum + one, 0);

/** `120 cycles (100 by the launcher, 20 cold), 12 plugins and 3 daemons killed, 1 ADDs told to try again` */
function inWords({ cycles, killedPlugins, killedDaemons, refused }: Omit<SoakReport, 'memory'>): string {
  const forms = Object.entries(cycles).map(([form, count]) => `${count} ${form}`);
  const deaths = `${killedPlugins} plugins and ${killedDaemons} daemons killed`;
  return `${total(cycles)} cycles (${forms.sort().join(', ')}), ${deaths}, ${refused} ADDs told to try again`;
}

/** What a soak came to, in one line. */
export function describeSoak(report: SoakReport): string {
  const { memory } = report;
  const grown =
    memory === undefined ? 'too few cycles to judge memory' : `${memory.before.toFixed(1)} MB, then ${memory.after.toFixed(1)} MB`;
  return `${inWords(report)}, no leaks; ${grown}`;
}

/** Does the same to all, {@link AT_ONCE} at any time. */
async function inGroups(pods: readonly Pod[], work: (pod: Pod) => Promise<void>): Promise<void> {
  for (let first = 0; first < pods.length; first += AT_ONCE) await Promise.all(pods.slice(first, first + AT_ONCE).map(work));
}

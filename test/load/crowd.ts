import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '../../conf/api/types.ts';
import { attachmentOf, CniError, Lab, type Network, type Node, type Pod, Runtime } from '../../test-harness/index.ts';
import { ask } from '../chaos/books.ts';
import { AxonemeNode, type AxonemeOptions, executables } from '../support/axoneme.ts';
import { Quota } from '../support/quota.ts';

const installed = dirname(executables.plugin);

/** Longer than the plugin itself waits: what it says when it gives up is seen. */
const RUNTIME_TIMEOUT_MS = 200_000;
const STATUS_PAUSE_MS = 100;

/** How a call ended: code 0, or that of the error; and when, by `performance.now()`. */
export interface Ending {
  readonly code: number;
  readonly message: string;
  readonly milliseconds: number;
  readonly endedAt: number;
}

export async function endingOf(call: () => Promise<unknown>): Promise<Ending> {
  const began = performance.now();
  const error: unknown = await call().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error !== undefined && !(error instanceof CniError)) throw error;
  const endedAt = performance.now();
  return { code: error?.code ?? 0, message: error?.message ?? '', milliseconds: endedAt - began, endedAt };
}

export interface CrowdOptions extends AxonemeOptions {
  /** Share of one processor for the daemon. */
  readonly processors: number;
  /** Whether the plugins are held to the same share, together with the daemon. */
  readonly holdPlugins?: boolean;
  /** Folder of the plugin on the node; see `forms.ts`. */
  readonly plugins: (node: Node) => Promise<string>;
}

/** A node whose daemon gets a share of a processor, with many pods. */
export class Crowd implements AsyncDisposable {
  readonly axoneme: AxonemeNode;
  readonly quota: Quota;
  readonly #lab: Lab;
  readonly #runtime: Runtime;
  readonly #asking: Runtime;

  private constructor(lab: Lab, axoneme: AxonemeNode, quota: Quota, [runtime, asking]: readonly [Runtime, Runtime]) {
    this.#lab = lab;
    this.axoneme = axoneme;
    this.quota = quota;
    this.#runtime = runtime;
    this.#asking = asking;
  }

  static async open({ processors, holdPlugins = false, plugins, ...options }: CrowdOptions): Promise<Crowd> {
    const lab = await Lab.create({ nodes: { node1: {} } });
    const quota = Quota.make(processors);
    const node = lab.node('node1');
    const axoneme = await AxonemeNode.start(node, options);
    const pluginDirs = [await plugins(node)];
    for (const pid of axoneme.daemon.pids()) quota.hold(pid);
    const host = holdPlugins ? quota.hostOf(node) : node;
    const runtimeOf = (folders: string[]) => new Runtime(host, { pluginDirs: folders, timeout: RUNTIME_TIMEOUT_MS });
    return new Crowd(lab, axoneme, quota, [runtimeOf(pluginDirs), runtimeOf([installed])]);
  }

  get node(): Node {
    return this.axoneme.node;
  }

  get network(): Network {
    return this.axoneme.network;
  }

  pods(count: number, name = 'pod'): Promise<Pod[]> {
    return Promise.all(Array.from({ length: count }, (_, n) => this.node.addPod(`${name}${n}`)));
  }

  add = (pod: Pod): Promise<Ending> => endingOf(() => this.#runtime.add(this.network, attachmentOf(pod)));
  del = (pod: Pod): Promise<Ending> => endingOf(() => this.#runtime.del(this.network, attachmentOf(pod)));
  /** By the plugin as it is installed: a Node process each time would be all that the node does. */
  status = (): Promise<Ending> => endingOf(() => this.#asking.status(this.network));

  /** Does `work`, with a STATUS every 100 ms from its beginning to its end, whether or not the one before has ended. */
  async withStatus<T>(work: Promise<T>): Promise<{ result: T; statuses: Ending[] }> {
    const statuses: Promise<Ending>[] = [];
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        statuses.push(this.status());
        await sleep(STATUS_PAUSE_MS);
      }
    })();
    const result = await work.finally(() => {
      isOver = true;
    });
    await asking;
    return { result, statuses: await Promise.all(statuses) };
  }

  endpoints(): Promise<Endpoint[]> {
    return ask(this.node, '/v1/endpoints');
  }

  /** How often each message of the daemon's log says something of a CNI call. */
  get calls(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const line of this.axoneme.daemon.stderr.split('\n').filter((text) => text.includes('"verb"'))) {
      const { msg } = JSON.parse(line) as { msg: string };
      counts[msg] = (counts[msg] ?? 0) + 1;
    }
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lab.close();
    await this.quota[Symbol.asyncDispose]();
  }
}

/** The middle one. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const show = process.env['AXONEME_SHOW'] !== undefined;

/** Prints how long calls took, if AXONEME_SHOW is set. */
export function tell(what: string, endings: readonly Ending[]): void {
  if (!show) return;
  const [first, ...rest] = endings.map(({ milliseconds }) => Math.round(milliseconds)).sort((a, b) => a - b);
  const middle = median([first ?? 0, ...rest]);
  process.stdout.write(`${what}: ${endings.length} calls, min ${first}, median ${middle}, max ${rest.at(-1)} ms\n`);
}

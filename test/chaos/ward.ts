import { deepStrictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Health } from '../../conf/api/types.ts';
import type { StepMessage, StepName } from '../../conf/step.ts';
import {
  attachmentOf,
  EchoStream,
  type ExecResult,
  Lab,
  type Network,
  type Node,
  type Pod,
  parseNetwork,
  type Result,
  Runtime,
  type Service,
  tcpEcho,
} from '../../test-harness/index.ts';
import { dualStack, executables, shippedNetworkText } from '../support/axoneme.ts';
import { coldPlugins } from '../support/forms.ts';
import { patience } from '../support/patience.ts';
import { ask, readBooks } from './books.ts';

/** A moment at which a process is to die. */
export interface Moment {
  readonly step: StepName;
  readonly phase: StepMessage['phase'];
  /** which time the process comes by, from 1 */
  readonly nth?: number;
  /** what the process must have published last before it */
  readonly previous?: Moment;
}

/** Milliseconds in which a daemon serves. */
const READY_TIMEOUT = patience(180_000);

/** Milliseconds in which the daemon has cleared away what somebody left, unless it hangs. */
const SETTLE_TIMEOUT = 120_000;

const failpoint = '/run/failpoint';
const armable = { NODE_OPTIONS: `--require=${join(import.meta.dirname, 'failpoint.ts')}`, AXONEME_FAILPOINT: failpoint };
const DEFAULT_IFNAME = 'eth0';
const configFile = '/etc/axoneme/config.yaml';
const configOf = ({ legacy = false, datapathMode = 'veth' }: Pick<WardOptions, 'legacy' | 'datapathMode'>): string =>
  JSON.stringify({ ...dualStack, bpf: { enableTCX: !legacy, datapathMode } });

/** Where a test may put plugins of its own, and where the reference plugins are. */
const otherPlugins = ['/opt/plugins', '/usr/lib/cni'];

export interface WardOptions {
  /** attach two pods, with a TCP stream of each family between them */
  readonly pods: boolean;
  /** preload what dies at armed moments; true unless given */
  readonly failpoints?: boolean;
  /** the one that ships unless given */
  readonly network?: Network;
  /** attach programs by filters */
  readonly legacy?: boolean;
  /** kind of the pods' pairs; veth unless given */
  readonly datapathMode?: 'veth' | 'netkit' | 'netkit-l2';
  /** the plugin is the launcher, whose calls the daemon serves; the cold executable, which can die by itself, unless given */
  readonly warm?: boolean;
}

/** A node whose daemon and plugin die at a moment of the test's choice, with two pods that talk to each other all the time. */
export class Ward implements AsyncDisposable {
  readonly lab: Lab;
  readonly node: Node;
  readonly runtime: Runtime;
  readonly network: Network;
  /** what the processes under test get in their environment */
  readonly env: Readonly<Record<string, string>>;
  /** pods that live through everything */
  readonly steady: Pod[] = [];
  #daemon: Service;
  #streams: EchoStream[] = [];
  #armed: Moment | undefined;
  /** milliseconds of this machine */
  #slowestStart = 0;

  private constructor(lab: Lab, node: Node, pluginDir: string, { failpoints = true, network }: WardOptions) {
    this.lab = lab;
    this.node = node;
    this.env = failpoints ? armable : {};
    this.runtime = new Runtime(node, { pluginDirs: [pluginDir, ...otherPlugins], env: this.env });
    this.network = network ?? parseNetwork(shippedNetworkText());
    this.#daemon = this.#spawn();
  }

  static async open(options: WardOptions): Promise<Ward> {
    const lab = await Lab.create({ nodes: { node1: {} } });
    try {
      const node = lab.node('node1');
      await node.writeFile(configFile, configOf(options));
      const pluginDir = options.warm === true ? join(executables.plugin, '..') : await coldPlugins(node);
      const ward = new Ward(lab, node, pluginDir, options);
      await ward.ready();
      if (options.pods) await ward.#populate();
      return ward;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** A node on which no daemon runs and nothing of one is left, without a bpf file system: the next daemon mounts its own, which a cleanup takes away. */
  static async openBare(): Promise<Ward> {
    const ward = await Ward.open({ pods: false });
    await ward.kill();
    await ward.command('daemon', '--cleanup');
    await ward.node.run(['umount', '/sys/fs/bpf']);
    return ward;
  }

  async #populate(): Promise<void> {
    for (const name of ['web', 'db']) {
      const pod = await this.node.addPod(name);
      await this.add(pod);
      this.steady.push(pod);
    }
    const [web, db] = this.steady as [Pod, Pod];
    this.#streams = await Promise.all(([4, 6] as const).map((family) => EchoStream.open(web, db, { family, interval: 10 })));
  }

  get daemon(): Service {
    return this.#daemon;
  }

  #spawn(): Service {
    return this.node.spawn([executables.axoneme, 'daemon', '--config', configFile], { env: this.env });
  }

  /** Resolves when the daemon serves, and is in this state. */
  async ready(wanted: Health['state'] = 'ok'): Promise<void> {
    const began = performance.now();
    const serves = async () => (await ask<Health>(this.node, '/v1/healthz').catch(() => undefined))?.state === wanted;
    await this.#daemon.waitUntil(serves, 'serve', READY_TIMEOUT);
    this.#slowestStart = Math.max(this.#slowestStart, performance.now() - began);
  }

  /** Of the daemon, for the report of a failed test. */
  lastWords(): string {
    return this.#daemon.lastWords();
  }

  /** How the next daemon attaches programs, or makes pods' pairs. */
  async configure(options: Pick<WardOptions, 'legacy' | 'datapathMode'>): Promise<void> {
    await this.node.writeFile(configFile, configOf(options));
  }

  /** Starts the daemon, without waiting for it. */
  start(): Service {
    this.#daemon = this.#spawn();
    return this.#daemon;
  }

  /** Kills the daemon if it runs, and starts it again; see `ready`. */
  async restart(wanted?: Health['state']): Promise<void> {
    await this.kill();
    this.start();
    await this.ready(wanted);
  }

  async kill(): Promise<void> {
    // One that dies just now has no process to signal, and has not ended yet.
    await this.#daemon.stop('SIGKILL');
  }

  /** The next process that comes by dies there. */
  async arm(moment: Moment, action: 'kill' | 'hold' = 'kill'): Promise<void> {
    const { step, phase, nth = 1 } = moment;
    this.#armed = moment;
    await this.node.remove(`${failpoint}.fired`);
    await this.node.writeFile(failpoint, `${step} ${phase} ${nth} ${action}`);
  }

  /** Takes the failpoint away; says whether it was reached. Throws when the process came to it from another moment than expected. */
  async disarm(): Promise<boolean> {
    await this.node.remove(failpoint);
    if (!(await this.fired())) return false;
    const { step, phase, previous } = this.#armed ?? {};
    const last = await this.node.readFile(`${failpoint}.fired`);
    if (previous !== undefined && last !== `${previous.phase} ${previous.step}`)
      throw new Error(`${phase} ${step} comes after ${previous.phase} ${previous.step}, says requests.ts: it came after ${last}`);
    return true;
  }

  fired(): Promise<boolean> {
    return this.node.exists(`${failpoint}.fired`);
  }

  /** ADD, which must succeed. */
  add(pod: Pod, ifname = DEFAULT_IFNAME): Promise<Result> {
    return this.runtime.add(this.network, attachmentOf(pod, { ifname }));
  }

  /** ADD of a sandbox; whether it succeeded. */
  async tryAdd(pod: Pod): Promise<boolean> {
    return await this.runtime.add(this.network, attachmentOf(pod)).then(
      () => true,
      () => false,
    );
  }

  async tryDelete(pod: Pod, ifname = DEFAULT_IFNAME): Promise<boolean> {
    return await this.delete(pod, ifname).then(
      () => true,
      () => false,
    );
  }

  /** DEL, which must succeed. */
  delete(pod: Pod, ifname = DEFAULT_IFNAME): Promise<void> {
    return this.runtime.del(this.network, attachmentOf(pod, { ifname }));
  }

  /** `axoneme ARGS` with the failpoints: how it ended. */
  command(...args: string[]): Promise<ExecResult> {
    return this.node.exec([executables.axoneme, ...args], { env: this.env });
  }

  /** GC of everything but the steady pods and `others`: the exit status of the plugin, null when it was killed. */
  async collect(...others: readonly Pod[]): Promise<number | null> {
    const valid = [...this.steady, ...others].map(({ containerId }) => ({ containerID: containerId, ifname: 'eth0' }));
    const ipam = this.network.plugins[0]?.['ipam'];
    const config = {
      ...{ cniVersion: '1.1.0', name: this.network.name, type: 'axoneme-cni', 'cni.dev/valid-attachments': valid },
      ...(ipam !== undefined && { ipam }),
    };
    return (await this.runtime.invoke('GC', 'axoneme-cni', config)).result.code;
  }

  /** All accounts agree, and the endpoints are those of the steady pods, with `others` or, when nothing is said of those, without. */
  async expectBooks(...others: readonly Pod[]): Promise<void> {
    const wanted = [...this.steady, ...others].map(({ containerId }) => containerId).sort();
    const look = async () => {
      const { ready, problems } = await readBooks(this.node);
      const strangers = ready.filter((id) => !wanted.includes(id)).map((id) => `endpoint of ${id} should be gone`);
      const lost = wanted.filter((id) => !ready.includes(id)).map((id) => `endpoint of ${id} is lost`);
      return [...problems, ...strangers, ...lost];
    };
    // what a dead plugin left is cleared away when its connection has ended, which takes some milliseconds
    const deadline = performance.now() + patience(SETTLE_TIMEOUT);
    let problems = await look();
    while (problems.length > 0 && performance.now() < deadline) {
      await sleep(30);
      problems = await look();
    }
    deepStrictEqual(problems, []);
  }

  /** The pod reaches another one over both families. */
  async expectReach(pod: Pod): Promise<void> {
    for (const family of [4, 6] as const) {
      const outcome = await tcpEcho(pod, this.steady[0] ?? pod, { family });
      if (!outcome.reached) throw new Error(`reach ${this.steady[0]?.name} from ${pod.name} over IPv${family}: ${JSON.stringify(outcome)}`);
    }
  }

  /** The streams of the steady pods lost nothing and never stood still as long as a start of the daemon takes, or a second; they end here. */
  async expectSteadyTraffic(): Promise<void> {
    await sleep(50);
    const pause = Math.max(1000, this.#slowestStart);
    for (const stream of this.#streams) {
      const { sent, echoed, longestGap, failure } = await stream.stop();
      deepStrictEqual({ failure, lost: sent - echoed, paused: longestGap >= pause }, { failure: undefined, lost: 0, paused: false });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }
}

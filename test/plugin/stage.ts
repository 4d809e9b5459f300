import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { loadObject, pin } from '../../native/index.ts';
import { Lab, type Node, type Pod } from '../../test-harness/index.ts';
import { FakeDaemon } from './fake-daemon.ts';

const project = join(import.meta.dirname, '..', '..');

/** Beside the bundle that ships, where it finds the addon. */
const bundle = join(project, 'dist', 'bundle', 'axoneme-cni-test.cjs');

async function bundlePlugin(): Promise<void> {
  const entry = join(project, 'plugin', 'main.ts');
  const define = { 'import.meta.dirname': '__dirname', 'import.meta.url': '__filename' };
  await build({ entryPoints: [entry], outfile: bundle, bundle: true, platform: 'node', target: 'node24', format: 'cjs', define });
}

/** How one call of the plugin ended. */
export interface Outcome {
  readonly code: number | null;
  /** What stdout held, parsed; undefined when it was empty. */
  readonly answer: Record<string, unknown> | undefined;
  readonly stderr: string;
}

/** What must be the same before and after: devices, pins, records, and what the fake daemon holds. */
export interface Books {
  readonly devices: readonly string[];
  readonly links: readonly string[];
  readonly queue: readonly string[];
  readonly endpoints: number;
}

/** A node with the real plugin, pinned programs and a fake daemon. */
export class Stage implements AsyncDisposable {
  readonly node: Node;
  readonly #lab: Lab;
  #daemon: FakeDaemon | undefined;
  #socket = '';

  private constructor(lab: Lab) {
    this.#lab = lab;
    this.node = lab.node('node1');
  }

  static async create(): Promise<Stage> {
    await bundlePlugin();
    const stage = new Stage(await Lab.create({ nodes: { node1: {} } }));
    await stage.#pinPrograms();
    stage.#socket = join(await stage.node.path('/run'), 'axoneme', 'axoneme.sock');
    await stage.startDaemon();
    return stage;
  }

  get daemon(): FakeDaemon {
    if (!this.#daemon) throw new Error('use daemon: it is stopped');
    return this.#daemon;
  }

  async startDaemon(): Promise<FakeDaemon> {
    this.#daemon = await FakeDaemon.listen(this.#socket);
    return this.#daemon;
  }

  async stopDaemon(): Promise<void> {
    await this.#daemon?.[Symbol.asyncDispose]();
    this.#daemon = undefined;
  }

  /** Runs the plugin, bundled from its sources as they are now. `env` overrides what a runtime would set; an empty value unsets. */
  async call(command: string, pod: Pod | undefined, conf: object | string = {}, env: Record<string, string> = {}): Promise<Outcome> {
    const input = typeof conf === 'string' ? conf : JSON.stringify({ cniVersion: '1.1.0', name: 'pods', type: 'axoneme-cni', ...conf });
    const cni = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: pod?.containerId ?? '',
      CNI_NETNS: pod?.netnsPath ?? '',
      CNI_IFNAME: pod ? 'eth0' : '',
      CNI_PATH: '/opt/cni/bin',
      ...env,
    };
    const result = await this.node.exec([process.execPath, bundle], { env: cni, input });
    const answer = result.stdout === '' ? undefined : (JSON.parse(result.stdout) as Record<string, unknown>);
    return { code: result.code, answer, stderr: result.stderr };
  }

  async books(): Promise<Books> {
    const devices = JSON.parse(await this.node.run(['ip', '-j', 'link'])) as { ifname: string }[];
    return {
      devices: devices.map(({ ifname }) => ifname).sort(),
      links: await this.node.listFolder('/sys/fs/bpf/axoneme/v1/links'),
      queue: await this.node.listFolder('/run/axoneme/delete-queue'),
      endpoints: this.#daemon?.endpoints.size ?? 0,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopDaemon();
    await this.#lab.close();
  }

  async #pinPrograms(): Promise<void> {
    const folder = join(await this.node.path('/sys/fs/bpf'), 'axoneme', 'v1', 'progs');
    mkdirSync(folder, { recursive: true });
    for (const name of ['from_container', 'to_container']) {
      using object = await loadObject({ path: join(project, 'dist', 'bpf', `${name}.o`) });
      pin(object.program(`axo_${name}`), join(folder, `axo_${name}`));
    }
  }
}

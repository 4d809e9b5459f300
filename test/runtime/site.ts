import { join } from 'node:path';
import { type Node, type Service, type Snapshot, snapshot } from '../../test-harness/index.ts';
import { stepsOf } from '../package/guide.ts';
import { Computer } from './computer.ts';
import { Containerd } from './containerd.ts';
import { makeImage } from './image.ts';

const project = join(import.meta.dirname, '..', '..');
const axoneme = join(project, 'dist', 'bin', 'axoneme');

/** What the guide calls services: a reader's service manager starts them. */
const DAEMON = 'dist/bin/axoneme daemon';
const CONTAINERD = 'containerd';

/** axoneme's part of an endpoint, as `axoneme endpoint list -o json` prints it. */
export interface EndpointRow {
  readonly containerId: string;
  readonly state: string;
  readonly pod: { readonly name: string; readonly namespace: string };
  readonly ipv4?: { readonly address: string };
  readonly ipv6?: { readonly address: string };
}

/** What counts as a leak: devices, routes, programs, namespaces, pins, records, cached results, addresses, rows of the maps. */
export interface State {
  readonly node: Snapshot;
  readonly tables: unknown;
}

/** A node on which the guide was followed to the letter. */
export class Site implements AsyncDisposable {
  readonly #computer = new Computer();
  readonly #image = makeImage(this.#computer.folder);
  #parts: { node: Node; containerd: Containerd; daemon: Service } | undefined;

  /** Follows docs/containerd.md. Returns what NetworkReady said after each step since containerd runs. */
  async install(): Promise<boolean[]> {
    const node = await this.#computer.powerOn();
    const ready: boolean[] = [];
    let containerd: Containerd | undefined;
    let daemon: Service | undefined;
    for (const step of stepsOf('docs/containerd.md')) {
      if ('file' in step) await node.writeFile(step.file, step.content);
      else if (step.command === DAEMON) daemon = await this.#startDaemon(node);
      else if (step.command === CONTAINERD) containerd = await this.#startContainerd(node);
      else await node.run(['sh', '-ec', `cd ${project}\n${step.command}`]);
      if ('command' in step && step.command === CONTAINERD) await containerd?.importImage(this.#image);
      if (containerd !== undefined) ready.push((await containerd.networkReady()).status);
    }
    if (containerd === undefined || daemon === undefined)
      throw new Error('follow docs/containerd.md: it starts no daemon or no containerd');
    this.#parts = { node, containerd, daemon };
    return ready;
  }

  get node(): Node {
    return this.#running.node;
  }

  get containerd(): Containerd {
    return this.#running.containerd;
  }

  get daemon(): Service {
    return this.#running.daemon;
  }

  get #running(): { node: Node; containerd: Containerd; daemon: Service } {
    if (this.#parts === undefined) throw new Error('use node1: it is switched off');
    return this.#parts;
  }

  /** Power off, power on, and the services start as they do on a boot: at the same time. */
  async reboot(): Promise<void> {
    this.#parts = undefined;
    await this.#computer.powerOff();
    const node = await this.#computer.powerOn();
    const [containerd, daemon] = await Promise.all([this.#startContainerd(node), this.#startDaemon(node)]);
    this.#parts = { node, containerd, daemon };
  }

  async stopDaemon(): Promise<void> {
    await this.#running.daemon.stop();
  }

  async startDaemon(): Promise<void> {
    const { node, containerd } = this.#running;
    this.#parts = { node, containerd, daemon: await this.#startDaemon(node) };
  }

  /** Takes away every pod that there is. */
  async clear(): Promise<void> {
    const { containerd, daemon } = this.#running;
    if (!daemon.running) await this.startDaemon();
    const { items = [] } = await containerd.cri.call('ListPodSandbox', {});
    for (const { id = '' } of items) await containerd.removePod(id);
  }

  async #startDaemon(node: Node): Promise<Service> {
    const daemon = node.spawn([axoneme, 'daemon']);
    await daemon.waitUntil(async () => (await node.exec([axoneme, 'status'])).code === 0, 'answer to axoneme status');
    return daemon;
  }

  async #startContainerd(node: Node): Promise<Containerd> {
    return await Containerd.start(node, this.#computer.cgroup);
  }

  /** `axoneme ARGS -o json`. */
  async axoneme<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.node.run([axoneme, ...args, '-o', 'json']));
  }

  endpoints(): Promise<EndpointRow[]> {
    return this.axoneme('endpoint', 'list');
  }

  async state(): Promise<State> {
    const node = await snapshot(this.node, { folders: ['/run/axoneme', '/run/netns', '/sys/fs/bpf', '/var/lib/cni'], ignore: CHANGING });
    const tables = await Promise.all(
      [
        ['endpoint', 'list'],
        ['ipam', 'list'],
        ['bpf', 'endpoint', 'list'],
        ['bpf', 'ipcache', 'list'],
      ].map((args) => this.axoneme(...args)),
    );
    return { node, tables };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts = undefined;
    await this.#computer[Symbol.asyncDispose]();
  }
}

/** Rows that come with the first pod, or, for the two devices, have another MAC after a reboot. */
const CHANGING = /^(\/run\/axoneme\/(endpoints|delete-queue)|\/var\/lib\/cni\/(cache|results)|axo_host|axo_net)$/;

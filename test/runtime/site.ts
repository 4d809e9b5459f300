import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Node, type Service, type Snapshot, snapshot } from '../../test-harness/index.ts';
import { type GuideStep, stepsOf } from '../package/guide.ts';
import { buried } from '../support/api.ts';
import { Computer } from './computer.ts';
import { makeImage } from './image.ts';

const project = join(import.meta.dirname, '..', '..');
const axoneme = join(project, 'dist', 'bin', 'axoneme');

/** How the guides start the daemon; a reader's service manager does it. */
const DAEMON = 'dist/bin/axoneme daemon';

/** An endpoint, as far as it matters here, as `axoneme endpoint list -o json` prints it. */
export interface EndpointRow {
  readonly containerId: string;
  readonly state: string;
  readonly pod: { readonly name: string; readonly namespace: string };
  readonly labels: readonly string[];
  readonly mac: string;
  readonly ipv4?: { readonly address: string };
  readonly ipv6?: { readonly address: string };
}

/** What counts as a leak: devices, routes, programs, namespaces, pins, records, cached results, addresses, rows of the maps. */
export interface State {
  readonly node: Snapshot;
  readonly tables: unknown;
}

const FOLDERS = ['/run/axoneme', '/run/netns', '/sys/fs/bpf', '/var/lib/cni'];
/** Rows that come with the first pod, or, for the two devices, have another MAC after a reboot. */
const CHANGING = /^(\/run\/axoneme\/(endpoints|delete-queue)|\/var\/lib\/cni\/(cache|results)|axo_host|axo_net)$/;

/** A node on which a guide is followed to the letter. */
export class Site implements AsyncDisposable {
  readonly computer = new Computer();
  /** archive of the image that its containers run */
  readonly image = makeImage(this.computer.folder);
  #node: Node | undefined;
  #daemon: Service | undefined;

  get node(): Node {
    if (this.#node === undefined) throw new Error('use node1: it is switched off');
    return this.#node;
  }

  get daemon(): Service {
    if (this.#daemon === undefined) throw new Error('use the daemon of node1: it was not started');
    return this.#daemon;
  }

  /** Addresses of the node on `axo_host`: of those that it has of its own, the ones that every pod reaches. */
  async routers(): Promise<string[]> {
    using netlink = await this.node.netlink();
    const { ifindex } = await netlink.links.get('axo_host');
    return (await netlink.addresses.list({ ifindex })).map(({ address }) => address.replace(/\/.*/, ''));
  }

  /** The one network configuration that a page of the documentation shows. */
  conflistOf(page: string): string {
    const [, text] = /^```json\n([\s\S]*?)^```/m.exec(readFileSync(join(project, page), 'utf8')) ?? [];
    if (text === undefined) throw new Error(`read ${page}: it shows no network configuration`);
    return text;
  }

  /** Switches the node on, and follows a page of the documentation. `perform` may take a step over by answering true. */
  async follow(page: string, perform: (step: GuideStep) => Promise<boolean>): Promise<void> {
    this.#node = await this.computer.powerOn();
    for (const step of stepsOf(page)) {
      if (await perform(step)) continue;
      if ('file' in step) await this.node.writeFile(step.file, step.content);
      else if (step.command === DAEMON) await this.startDaemon();
      else await this.node.run(['sh', '-ec', `cd ${project}\n${step.command}`]);
    }
  }

  /** Power off, power on, and the services start as they do on a boot: at the same time. */
  async reboot(startRuntime: () => Promise<void> = async () => undefined): Promise<void> {
    await this.computer.powerOff();
    this.#node = await this.computer.powerOn();
    await Promise.all([this.startDaemon(), startRuntime()]);
  }

  async stopDaemon(): Promise<void> {
    await this.daemon.stop();
  }

  /** Starts the daemon and waits until it is ready. */
  async startDaemon(): Promise<void> {
    const daemon = this.node.spawn([axoneme, 'daemon']);
    this.#daemon = daemon;
    await daemon.waitUntil(async () => (await this.node.exec([axoneme, 'status'])).code === 0, 'answer to axoneme status');
  }

  /** `axoneme ARGS -o json`. */
  async axoneme<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.node.run([axoneme, ...args, '-o', 'json']));
  }

  endpoints(): Promise<EndpointRow[]> {
    return this.axoneme('endpoint', 'list');
  }

  /** Once the kernel has buried what was deleted. */
  async state(): Promise<State> {
    await buried(this.node);
    const node = await snapshot(this.node, { folders: FOLDERS, ignore: CHANGING });
    const listings = [
      ['endpoint', 'list'],
      ['ipam', 'list'],
      ['bpf', 'endpoint', 'list'],
      ['bpf', 'ipcache', 'list'],
    ];
    return { node, tables: await Promise.all(listings.map((args) => this.axoneme(...args))) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#node = undefined;
    await this.computer[Symbol.asyncDispose]();
  }
}

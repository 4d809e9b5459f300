import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Health } from '../../conf/api/types.ts';
import {
  attachmentOf,
  type Network,
  type Node,
  type Pod,
  parseNetwork,
  type Result,
  Runtime,
  type Service,
} from '../../test-harness/index.ts';
import { get } from './api.ts';
import { patience } from './patience.ts';

const project = join(import.meta.dirname, '..', '..');

/** The executables that the build made: the real ones, in every test. */
export const executables = {
  /** The launcher: what a runtime starts. */
  plugin: join(project, 'dist/bin/axoneme-cni'),
  /** What it becomes when the daemon cannot take the call. */
  cold: join(project, 'dist/bin/axoneme-cni-cold'),
  axoneme: join(project, 'dist/bin/axoneme'),
};

/** The conflist that ships, as a runtime reads it. */
export const shippedConflist = join(project, 'conf/05-axoneme.conflist');

/** Its text. */
export const shippedNetworkText = (): string => readFileSync(shippedConflist, 'utf8');

export interface AxonemeOptions {
  /** The daemon's configuration, in the keys of Cilium's Helm chart; both families on and one /24 and one /120 unless given. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The network that pods are added to; the shipped conflist unless given. */
  readonly network?: Network;
}

/** Both families, small ranges whose addresses read well. */
export const dualStack = {
  ipv4: { enabled: true },
  ipv6: { enabled: true },
  ipam: {
    mode: 'cluster-pool',
    operator: {
      clusterPoolIPv4PodCIDRList: ['10.0.0.0/16'],
      clusterPoolIPv4MaskSize: 24,
      clusterPoolIPv6PodCIDRList: ['fd00::/112'],
      clusterPoolIPv6MaskSize: 120,
    },
  },
};

const configFile = '/etc/axoneme/config.yaml';

/** Milliseconds, for a daemon that hangs: an emulated machine that loads the programs for the first time takes minutes when it is not alone. */
const READY_TIMEOUT = patience(180_000);

/** RT_TABLE_LOCAL of include/uapi/linux/rtnetlink.h. */
const LOCAL_TABLE = 255;

/** A lab's node with the daemon running on it, and a runtime that calls the packed plugin. */
export class AxonemeNode implements AsyncDisposable {
  readonly node: Node;
  readonly runtime: Runtime;
  readonly executable = executables.axoneme;
  readonly network: Network;
  #daemon: Service;

  private constructor(node: Node, daemon: Service, network: Network) {
    this.node = node;
    this.#daemon = daemon;
    this.network = network;
    this.runtime = new Runtime(node, { pluginDirs: [join(project, 'dist/bin'), '/usr/lib/cni'] });
  }

  /** Writes the configuration, starts the daemon and waits until it would serve an ADD. */
  static async start(node: Node, options: AxonemeOptions = {}): Promise<AxonemeNode> {
    await node.writeFile(configFile, JSON.stringify(options.config ?? dualStack));
    const network = options.network ?? parseNetwork(shippedNetworkText(), shippedConflist);
    const axoneme = new AxonemeNode(node, AxonemeNode.#spawn(node), network);
    await axoneme.ready();
    return axoneme;
  }

  static #spawn(node: Node): Service {
    return node.spawn([executables.axoneme, 'daemon', '--config', configFile]);
  }

  get daemon(): Service {
    return this.#daemon;
  }

  /** Resolves when the daemon answers that it is ready. */
  async ready(): Promise<void> {
    const socketPath = await this.node.path('/run/axoneme/axoneme.sock');
    const health = async (): Promise<Health> => JSON.parse(await get(socketPath, '/v1/healthz'));
    // no socket yet, or that of the daemon before
    const isReady = async () => (await health().catch(() => undefined))?.state === 'ok';
    await this.#daemon.waitUntil(isReady, 'health of state ok', READY_TIMEOUT);
    await this.#daemon.waitUntil(() => this.#hasLocalRoutes(), 'local routes of axo_host', READY_TIMEOUT);
  }

  /**
   * Whether the kernel has made the local route of each address of axo_host. It makes those of IPv6 when it has noticed that the device is up, which takes it
   * up to a second (linkwatch): a snapshot before that is none to compare with.
   */
  async #hasLocalRoutes(): Promise<boolean> {
    using netlink = await this.node.netlink();
    const { ifindex } = await netlink.links.get('axo_host');
    const routes = new Set((await netlink.routes.list({ ifindex, table: LOCAL_TABLE })).map(({ destination }) => destination));
    const addresses = (await netlink.addresses.list({ ifindex })).map(({ address }) => address.split('/')[0] ?? '');
    return addresses.every((address) => routes.has(`${address}/${address.includes(':') ? 128 : 32}`));
  }

  /** Starts the daemon again after it ended. */
  async restart(): Promise<void> {
    this.respawn();
    await this.ready();
  }

  /** The same without waiting until it is ready. */
  respawn(): void {
    this.#daemon = AxonemeNode.#spawn(this.node);
  }

  /** Makes a sandbox and ADDs it, as a runtime does. */
  async add(name: string, args: Readonly<Record<string, string>> = {}): Promise<{ pod: Pod; result: Result }> {
    const pod = await this.node.addPod(name);
    const kubernetes = { IgnoreUnknown: '1', K8S_POD_NAMESPACE: 'default', K8S_POD_NAME: name };
    const result = await this.runtime.add(this.network, attachmentOf(pod, { args: { ...kubernetes, ...args } }));
    return { pod, result };
  }

  /** DEL, then the sandbox goes. */
  async delete(pod: Pod): Promise<void> {
    await this.runtime.del(this.network, attachmentOf(pod));
    await this.node.removePod(pod);
  }

  /** What `axoneme ARGS` prints on this node; throws when it fails. */
  cli(...args: string[]): Promise<string> {
    return this.node.run([executables.axoneme, ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}

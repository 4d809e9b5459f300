import { createHash } from 'node:crypto';
import type { Place } from './exec.ts';
import type { Machine } from './machine.ts';
import { NetworkNamespace } from './namespace.ts';

/** The program of process 1, which has other uses too (`test-harness/init/main.c`), as every machine finds it. */
const INIT = '/proc/1/exe';

export interface PodOptions {
  /** 64 hex digits derived from node and pod name unless given; any string that the CNI specification allows (and, for tests, any other) */
  readonly containerId?: string;
  /** bring loopback up (default true); runtimes do it themselves or by the `loopback` plugin */
  readonly loopback?: boolean;
}

/** A pod sandbox: a network namespace on a node, the thing that a CNI plugin attaches to networks. */
export class Pod extends NetworkNamespace implements AsyncDisposable {
  readonly node: Machine;
  /** CNI_CONTAINERID */
  readonly containerId: string;
  /** CNI_NETNS: the path of the namespace as the node sees it */
  readonly netnsPath: string;
  readonly place: Place;
  readonly #loopback: boolean;

  /** Use {@link Node.addPod}. */
  constructor(node: Machine, name: string, options: PodOptions) {
    super(name);
    this.node = node;
    this.containerId = options.containerId ?? createHash('sha256').update(`${node.place.cgroup}/${name}`).digest('hex');
    this.netnsPath = `/run/netns/${name}`;
    this.#loopback = options.loopback ?? true;
    this.place = { ...node.place, name: `${node.name}/${name}`, netns: this.netnsPath };
  }

  get netnsFile(): string {
    return `/proc/${this.node.pid}/root${this.netnsPath}`;
  }

  /** Makes the namespace and binds it on its file, which only the node sees. */
  async create(): Promise<void> {
    await this.node.writeFile(this.netnsPath, '', 0o444);
    await this.node.run([INIT, '--add-netns', this.netnsPath]);
    if (!this.#loopback) return;
    using netlink = await this.netlink();
    await netlink.links.set((await netlink.links.get('lo')).ifindex, { up: true });
  }

  /** Takes the namespace away as runtimes do, whoever has it open (MNT_DETACH); its devices go with it. Fine when it is gone already. */
  async destroy(): Promise<void> {
    await this.node.run([INIT, '--remove-netns', this.netnsPath]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }
}

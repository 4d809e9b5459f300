import { type Lab, type Machine, type Node, type Pod, type Snapshot, snapshot } from '../../test-harness/index.ts';
import { buried, get } from '../support/api.ts';
import { AxonemeNode, type AxonemeOptions } from '../support/axoneme.ts';
import { siteLab } from '../support/site-lab.ts';

/** A node with the daemon's view of it. */
export interface State {
  readonly node: Snapshot;
  readonly tables: readonly string[];
}

/**
 * The site of the integration tests: one node, a router, an outside host behind a narrower cable. The real daemon runs on the node, and
 * the real plugin is called there.
 */
export class Site implements AsyncDisposable {
  readonly lab: Lab;
  readonly node: Node;
  readonly outside: Machine;
  readonly axoneme: AxonemeNode;
  /** the node before the daemon ever ran */
  readonly untouched: Snapshot;

  private constructor(lab: Lab, axoneme: AxonemeNode, untouched: Snapshot) {
    this.lab = lab;
    this.node = axoneme.node;
    this.outside = lab.machine('outside');
    this.axoneme = axoneme;
    this.untouched = untouched;
  }

  static async open(options: AxonemeOptions = {}): Promise<Site> {
    const lab = await siteLab();
    try {
      const node = lab.node('node1');
      const untouched = await snapshot(node);
      return new Site(lab, await AxonemeNode.start(node, options), untouched);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Several pods, one after the other. */
  async pods(...names: string[]): Promise<Pod[]> {
    const pods: Pod[] = [];
    for (const name of names) pods.push((await this.axoneme.add(name)).pod);
    return pods;
  }

  /** What counts as a leak, once the kernel has buried what was deleted: devices, addresses, routes, programs, pins, records, allocated addresses, rows of the maps. */
  async state(): Promise<State> {
    const socketPath = await this.node.path('/run/axoneme/axoneme.sock');
    await buried(this.node);
    const paths = ['/v1/endpoints', '/v1/ipam', '/v1/bpf/endpoints', '/v1/bpf/ipcache'];
    const tables = await Promise.all(paths.map(async (path) => `${path} ${await get(socketPath, path)}`));
    return { node: await snapshot(this.node), tables };
  }

  /** Of the daemon, for the report of a failed test. */
  lastWords(): string {
    return this.axoneme.daemon.lastWords();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }
}

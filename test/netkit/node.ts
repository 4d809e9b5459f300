import type { Endpoint, Status } from '../../conf/api/types.ts';
import { attachmentOf, type Lab, type Machine, type Node, type Pod, type Result } from '../../test-harness/index.ts';
import { AxonemeNode, dualStack } from '../support/axoneme.ts';
import { siteLab } from '../support/site-lab.ts';
import { patiently } from './patience.ts';

export type Mode = 'veth' | 'netkit' | 'netkit-l2' | 'auto';

const configOf = (datapathMode: Mode) => ({ ...dualStack, bpf: { datapathMode } });

/** A node of this mode, a router, and a host outside behind a narrower cable. */
export class NetkitNode implements AsyncDisposable {
  readonly #lab: Lab;
  readonly axoneme: AxonemeNode;
  readonly node: Node;
  readonly outside: Machine;

  private constructor(lab: Lab, axoneme: AxonemeNode) {
    this.#lab = lab;
    this.axoneme = axoneme;
    this.node = axoneme.node;
    this.outside = lab.machine('outside');
  }

  static async open(mode: Mode): Promise<NetkitNode> {
    const lab = await siteLab();
    try {
      return new NetkitNode(lab, await AxonemeNode.start(lab.node('node1'), { config: configOf(mode) }));
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  async add(name: string): Promise<{ pod: Pod; result: Result }> {
    const pod = await this.node.addPod(name);
    return { pod, result: await patiently(() => this.axoneme.runtime.add(this.axoneme.network, attachmentOf(pod))) };
  }

  check(pod: Pod): Promise<void> {
    return patiently(() => this.axoneme.runtime.check(this.axoneme.network, attachmentOf(pod)));
  }

  delete(pod: Pod): Promise<void> {
    return patiently(() => this.axoneme.runtime.del(this.axoneme.network, attachmentOf(pod)));
  }

  /** Kills the daemon and starts another with this mode. */
  async become(mode: Mode): Promise<void> {
    await this.axoneme.daemon.stop('SIGKILL');
    await this.node.writeFile('/etc/axoneme/config.yaml', JSON.stringify(configOf(mode)));
    await this.axoneme.restart();
  }

  /** A pod that was added before. */
  pod(name: string): Pod {
    const pod = this.node.pods.get(name);
    if (pod === undefined) throw new Error(`find pod ${name}: there is none`);
    return pod;
  }

  async status(): Promise<Status> {
    return JSON.parse(await this.axoneme.cli('status', '-o', 'json')) as Status;
  }

  async endpointOf(pod: Pod): Promise<Endpoint> {
    const all = JSON.parse(await this.axoneme.cli('endpoint', 'list', '-o', 'json')) as Endpoint[];
    const endpoint = all.find(({ containerId }) => containerId === pod.containerId);
    if (endpoint === undefined) throw new Error(`find endpoint of ${pod.name}: there is none`);
    return endpoint;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lab.close();
  }
}

import { NetworkNamespace, type Node } from '../../test-harness/index.ts';
import type { Containerd } from './containerd.ts';

interface Names {
  /** of the sandbox */
  readonly id: string;
  readonly name: string;
  /** id of the one container in it */
  readonly container: string;
}

/** What containerd tells of a sandbox to who asks verbosely, as far as it is used here. */
interface SandboxInfo {
  readonly runtimeSpec: { readonly linux: { readonly namespaces: readonly { readonly type: string; readonly path?: string }[] } };
  readonly cniResult: { readonly DNS?: readonly object[] | null };
}

/** A pod that containerd runs. The harness's probes take it as one of their ends. */
export class CriPod extends NetworkNamespace {
  readonly id: string;
  readonly netnsFile: string;
  readonly place: Node['place'];
  readonly #containerd: Containerd;
  readonly #container: string;

  /** `netns` as the node sees it, `netnsFile` as the real machine does. */
  private constructor(containerd: Containerd, names: Names, netns: string, netnsFile: string) {
    super(names.name);
    const { place } = containerd.node;
    this.id = names.id;
    this.netnsFile = netnsFile;
    this.place = { ...place, name: `${place.name}/${names.name}`, netns };
    this.#containerd = containerd;
    this.#container = names.container;
  }

  static async of(containerd: Containerd, names: Names): Promise<CriPod> {
    const { linux } = (await infoOf(containerd, names.id)).runtimeSpec;
    const path = linux.namespaces.find(({ type }) => type === 'network')?.path;
    if (path === undefined) throw new Error(`find network namespace of pod ${names.name}: containerd tells of none`);
    return new CriPod(containerd, names, path, await containerd.node.path(path));
  }

  /** The addresses that the CRI reports, the pod's main one first. */
  async reportedAddresses(): Promise<string[]> {
    const { status } = await this.#containerd.cri.call('PodSandboxStatus', { pod_sandbox_id: this.id });
    const { ip = '', additional_ips = [] } = status?.network ?? {};
    return [ip, ...additional_ips.map((other) => other.ip ?? '')];
  }

  /** The DNS part of the CNI result that containerd keeps. */
  async resultDns(): Promise<readonly object[]> {
    return (await infoOf(this.#containerd, this.id)).cniResult.DNS ?? [];
  }

  /** Runs a command inside the pod's container, through the runtime; returns what it wrote, throws when it fails. */
  async inContainer(...cmd: string[]): Promise<string> {
    const answer = await this.#containerd.cri.call('ExecSync', { container_id: this.#container, cmd, timeout: 5 });
    if (answer.exit_code !== 0) throw new Error(`run ${cmd.join(' ')} in ${this.name}: exit status ${answer.exit_code}: ${answer.stderr}`);
    return answer.stdout ?? '';
  }

  /** StopPodSandbox, then RemovePodSandbox. */
  async remove(): Promise<void> {
    await this.#containerd.removePod(this.id);
  }
}

async function infoOf({ cri }: Containerd, id: string): Promise<SandboxInfo> {
  const { info } = await cri.call('PodSandboxStatus', { pod_sandbox_id: id, verbose: true });
  return JSON.parse(info?.['info'] ?? '{}');
}

import type { Node, Service } from '../../test-harness/index.ts';
import { Cri, type SandboxConfig } from './cri.ts';
import { CriPod } from './cri-pod.ts';
import { IMAGE } from './image.ts';

const CONFIG = '/etc/containerd/config.toml';
const SOCKET = '/run/containerd/containerd.sock';
const RUNC = '/etc/containerd/runc';
const PID_FILE = '/run/containerd.pid';

/**
 * What a laboratory needs beyond the guide: there is no image registry; cgroups have no controllers; CAP_SYS_RESOURCE may be missing, without
 * which runc cannot lower oom_score_adj; the disk may be an overlay already, on which overlayfs does not stack; AppArmor profiles would be
 * loaded into the real machine's kernel.
 */
const LABORATORY = `
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${IMAGE}"
  restrict_oom_score_adj = true
  disable_apparmor = true

[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "native"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  BinaryName = "${RUNC}"
`;

/** The real runc, without the processor shares that containerd asks for every sandbox (since 2.0 it cannot be told not to). */
const RUNC_WITHOUT_SHARES = `#!/bin/sh
before=
for word; do
  [ "$before" != --bundle ] || sed -i 's/"cpu":{"shares":[0-9]*}/"cpu":{}/' "$word/config.json"
  before=$word
done
exec runc "$@"
`;

/** The containerd of the distribution, or the one in the folder that AXONEME_TEST_CONTAINERD names. */
const EXECUTABLES = { env: { PATH: [process.env['AXONEME_TEST_CONTAINERD'], '/usr/sbin:/usr/bin:/sbin:/bin'].filter(Boolean).join(':') } };

/**
 * Shims outlive containerd, as under systemd with KillMode=process: so they go to a cgroup of their own, where the end of the service does
 * not reach them.
 */
const START = `
mkdir -p /sys/fs/cgroup/containerd
echo $$ > /sys/fs/cgroup/containerd/cgroup.procs
echo $$ > ${PID_FILE}
exec containerd
`;

/** A real containerd on a node of a lab, spoken to as kubelet does. Its configuration is written before. */
export class Containerd {
  readonly node: Node;
  #service: Service;
  #cri: Cri;

  private constructor(node: Node, service: Service, cri: Cri) {
    this.node = node;
    this.#service = service;
    this.#cri = cri;
  }

  /** Starts containerd and waits until the CRI answers. */
  static async start(node: Node): Promise<Containerd> {
    const config = await node.readFile(CONFIG);
    if (!config.includes(LABORATORY)) await node.writeFile(CONFIG, config + LABORATORY);
    await node.writeFile(RUNC, RUNC_WITHOUT_SHARES, 0o755);
    const { service, cri } = await Containerd.#spawn(node);
    return new Containerd(node, service, cri);
  }

  static async #spawn(node: Node): Promise<{ service: Service; cri: Cri }> {
    await node.remove(SOCKET);
    const service = node.spawn(['sh', '-ec', START], EXECUTABLES);
    await service.waitUntil(() => node.exists(SOCKET), SOCKET);
    const cri = new Cri(await node.path(SOCKET));
    await service.waitUntil(async () => (await cri.call('Version', {}).catch(() => undefined)) !== undefined, 'answer to Version');
    return { service, cri };
  }

  get cri(): Cri {
    return this.#cri;
  }

  /** What it wrote since it was started. */
  get log(): string {
    return this.#service.stderr;
  }

  /** Ends containerd by a signal and starts it again; pods run on. */
  async restart(signal: NodeJS.Signals): Promise<void> {
    this.#cri[Symbol.dispose]();
    const pid = (await this.node.readFile(PID_FILE)).trim();
    await this.node.run(['kill', '-s', signal.slice(3), pid]);
    await this.#service.ended;
    ({ service: this.#service, cri: this.#cri } = await Containerd.#spawn(this.node));
  }

  /** Imports an image archive of the real machine, and waits until the CRI knows it: it learns of it by an event. */
  async importImage(archive: string): Promise<void> {
    const { node } = this;
    await node.run(['ctr', '--namespace', 'k8s.io', 'images', 'import', '--no-unpack', archive], EXECUTABLES);
    const known = async () => (await this.#cri.call('ImageStatus', { image: { image: IMAGE } })).image !== undefined;
    await this.#service.waitUntil(known, `image ${IMAGE}`);
  }

  /** The condition NetworkReady of the node, as kubelet reads it. */
  async networkReady(): Promise<{ status: boolean; message: string }> {
    const { status } = await this.#cri.call('Status', {});
    const { status: ready = false, message = '' } = status?.conditions?.find(({ type }) => type === 'NetworkReady') ?? {};
    return { status: ready, message };
  }

  /** What kubelet asks for when it wants a pod; it counts its attempts at the same pod. */
  sandboxConfig(name: string, attempt = 0): SandboxConfig {
    const metadata = { name, uid: `uid-of-${name}`, namespace: 'default', attempt };
    return { metadata, hostname: name, linux: {} };
  }

  /** The network configuration that it holds, as text. */
  async networkConfig(): Promise<string> {
    const { info } = await this.#cri.call('Status', { verbose: true });
    return info?.['cniconfig'] ?? '';
  }

  /** Runs a pod with one container in it, which answers on port 80. Rejects as RunPodSandbox does. */
  async runPod(name: string, options: SandboxConfig = {}): Promise<CriPod> {
    const config = { ...this.sandboxConfig(name), ...options };
    const { pod_sandbox_id: id = '' } = await this.#cri.call('RunPodSandbox', { config });
    const { container_id: container = '' } = await this.#cri.call('CreateContainer', {
      pod_sandbox_id: id,
      config: {
        metadata: { name: 'web', attempt: config.metadata?.attempt ?? 0 },
        image: { image: IMAGE },
        command: ['/bin/pod', 'serve'],
        linux: {},
      },
      sandbox_config: config,
    });
    await this.#cri.call('StartContainer', { container_id: container });
    return CriPod.of(this, { id, name, container });
  }

  /** What kubelet does with a pod that is to go: both calls, each of which makes containerd DEL. */
  async removePod(id: string): Promise<void> {
    await this.#cri.call('StopPodSandbox', { pod_sandbox_id: id });
    await this.#cri.call('RemovePodSandbox', { pod_sandbox_id: id });
  }
}

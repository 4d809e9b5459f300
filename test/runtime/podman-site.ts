import { type ExecResult, NetworkNamespace, type Node } from '../../test-harness/index.ts';
import { IMAGE } from './image.ts';
import { Site } from './site.ts';

/**
 * What a laboratory needs beyond the guide: nothing that systemd does, runc as under containerd, no limits, for which the laboratory's cgroup has no
 * controllers, no overlay over an overlay, and no signatures on images.
 */
const LABORATORY = {
  '/etc/containers/containers.conf.d/laboratory.conf':
    '[containers]\npids_limit = 0\n[engine]\ncgroup_manager = "cgroupfs"\nruntime = "runc"\nevents_logger = "file"\n',
  '/etc/containers/storage.conf':
    '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n',
  '/etc/containers/policy.json': '{ "default": [{ "type": "insecureAcceptAnything" }] }',
};

/** A container's part of `podman inspect`. */
export interface Inspected {
  readonly Id: string;
  readonly NetworkSettings: { readonly SandboxKey: string; readonly Networks: Readonly<Record<string, InspectedNetwork>> };
}

interface InspectedNetwork {
  readonly IPAddress: string;
  readonly GlobalIPv6Address: string;
  readonly MacAddress: string;
}

/** A node on which docs/podman.md was followed. */
export class PodmanSite extends Site {
  /** Follows the guide and loads the image. Returns what its last command printed; nothing when this podman was built without CNI. */
  async install(): Promise<string | undefined> {
    let printed: string | undefined;
    await this.follow('docs/podman.md', async (step) => {
      if (!('command' in step) || !step.command.startsWith('podman ')) return false;
      for (const [path, content] of Object.entries(LABORATORY)) await this.node.writeFile(path, content);
      const { code, stdout, stderr } = await this.node.exec(step.command.split(' '));
      if (code === 0) printed = stdout;
      else if (!/cni/i.test(stderr)) throw new Error(`run ${step.command}: ${stderr}`);
      return true;
    });
    if (printed !== undefined) await this.podman('load', '--input', this.image);
    return printed;
  }

  /** Runs podman, which must succeed; returns what it printed. */
  async podman(...args: string[]): Promise<string> {
    return (await this.node.run(['podman', ...args])).trim();
  }

  /** `podman run` of a container that answers on port 80. */
  tryRun(name: string, ...options: string[]): Promise<ExecResult> {
    return this.node.exec(['podman', 'run', '--detach', '--name', name, ...options, '--entrypoint', '/bin/pod', IMAGE, 'serve']);
  }

  async run(name: string, ...options: string[]): Promise<Container> {
    const { code, stderr } = await this.tryRun(name, ...options);
    if (code !== 0) throw new Error(`run container ${name}: ${stderr}`);
    return await Container.of(this, name);
  }

  async inspect(name: string): Promise<Inspected> {
    const [inspected]: [Inspected] = JSON.parse(await this.podman('container', 'inspect', name));
    return inspected;
  }

  /** Takes away every container that there is. */
  async clear(): Promise<void> {
    if (!this.daemon.running) await this.startDaemon();
    await this.podman('rm', '--all', '--force', '--time', '0');
  }
}

/** A container that podman runs. The harness's probes take it as one of their ends. */
export class Container extends NetworkNamespace {
  readonly id: string;
  readonly netnsFile: string;
  readonly place: Node['place'];
  readonly #site: PodmanSite;

  /** `netns` as the node sees it, `netnsFile` as the real machine does. */
  private constructor(site: PodmanSite, name: string, id: string, netns: string, netnsFile: string) {
    super(name);
    const { place } = site.node;
    this.id = id;
    this.netnsFile = netnsFile;
    this.place = { ...place, name: `${place.name}/${name}`, netns };
    this.#site = site;
  }

  /** Finds a running container by its name. */
  static async of(site: PodmanSite, name: string): Promise<Container> {
    const { Id, NetworkSettings } = await site.inspect(name);
    const netns = NetworkSettings.SandboxKey;
    return new Container(site, name, Id, netns, await site.node.path(netns));
  }

  /** What podman tells of its attachment. */
  async attachment(): Promise<InspectedNetwork | undefined> {
    return (await this.#site.inspect(this.name)).NetworkSettings.Networks['axoneme'];
  }

  /** Runs the image's program inside the container; see pod.c. */
  async pod(...args: string[]): Promise<string> {
    return this.#site.podman('exec', this.name, '/bin/pod', ...args);
  }
}

import { Containerd } from './containerd.ts';
import { Site } from './site.ts';

/** A node on which docs/containerd.md was followed. */
export class ContainerdSite extends Site {
  #containerd: Containerd | undefined;

  get containerd(): Containerd {
    if (this.#containerd === undefined) throw new Error('use containerd of node1: it was not started');
    return this.#containerd;
  }

  /** Follows the guide. Returns what NetworkReady said before each step since containerd runs. */
  async install(): Promise<boolean[]> {
    const ready: boolean[] = [];
    await this.follow('docs/containerd.md', async (step) => {
      if (this.#containerd !== undefined) ready.push((await this.containerd.networkReady()).status);
      if (!('command' in step) || step.command !== 'containerd') return false;
      await this.#start();
      await this.containerd.importImage(this.image);
      return true;
    });
    return ready;
  }

  async #start(): Promise<void> {
    this.#containerd = await Containerd.start(this.node);
  }

  override reboot(): Promise<void> {
    return super.reboot(() => this.#start());
  }

  /** Takes away every pod that there is. */
  async clear(): Promise<void> {
    if (!this.daemon.running) await this.startDaemon();
    const { items = [] } = await this.containerd.cri.call('ListPodSandbox', {});
    for (const { id = '' } of items) await this.containerd.removePod(id);
  }
}

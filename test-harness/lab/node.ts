import { HarnessError } from '../errors.ts';
import { bootPlace, Machine, type MachineOptions } from './machine.ts';
import { Pod, type PodOptions } from './pod.ts';

/** A machine that carries pods: the one on which a CNI runtime and the plugins under test run. */
export class Node extends Machine {
  readonly #pods = new Map<string, Pod>();

  static override async boot(name: string, _role: 'node', labCgroup: string, options: MachineOptions = {}): Promise<Node> {
    return await new Node(name, 'node', await bootPlace(name, labCgroup, options)).prepare(options);
  }

  get pods(): ReadonlyMap<string, Pod> {
    return this.#pods;
  }

  /**
   * Makes a pod sandbox: a network namespace bound at /run/netns/NAME of this node, as a container runtime makes it before it calls a
   * plugin. Loopback is up and there is nothing else in it. Throws NAME_TAKEN.
   */
  async addPod(name: string, options: PodOptions = {}): Promise<Pod> {
    if (this.#pods.has(name)) throw new HarnessError('NAME_TAKEN', `add pod ${name} to ${this.name}: there is one of that name`);
    const pod = new Pod(this, name, options);
    this.#pods.set(name, pod);
    try {
      await pod.create();
    } catch (error) {
      this.#pods.delete(name);
      throw error;
    }
    return pod;
  }

  /** Takes a pod's namespace away, as a runtime does after DEL. */
  async removePod(pod: Pod): Promise<void> {
    await pod.destroy();
    this.#pods.delete(pod.name);
  }
}

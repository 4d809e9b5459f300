import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AttachmentKey, Endpoint, EndpointPlan } from '../conf/api/types.ts';
import { CniError } from '../conf/cni/errors.ts';
import { attachmentOfAlias, deviceAlias, hostIfname } from '../conf/names.ts';
import type { Paths } from '../conf/paths.ts';
import { hasErrno } from '../native/errors.ts';
import { Rtnetlink } from '../native/netlink/rtnetlink.ts';
import { attachPrograms, detachPrograms } from './attach/index.ts';
import { createPair, deletePair, findPair } from './device.ts';
import { observe } from './observe.ts';
import { asOpen, OpenPod, openNetns, refuseOwn } from './open-pod.ts';
import { configurePod } from './pod-config.ts';
import type { FoundPair, Host, Observation, Pair, Pod, PodNetwork } from './types.ts';

/** RT_TABLE_MAIN (linux/rtnetlink.h). */
const TABLE_MAIN = 254;

/** The ways into the two namespaces of a call; by default those of a process that may enter the pod's. */
export interface Doors {
  /** The pod's namespace. Errors: CniError `invalid-netns` for a path that is gone or no network namespace. */
  openPod(path: string): Promise<OpenPod>;
  /** The node's own namespace. */
  openNode(): Promise<Rtnetlink>;
}

const ownDoors: Doors = {
  openPod: async (path) => {
    const netns = openNetns(path);
    try {
      return new OpenPod(path, netns, await Rtnetlink.open(netns));
    } catch (error) {
      netns.close();
      throw error;
    }
  },
  openNode: () => Rtnetlink.open(),
};

/** The real kernel, as the namespace and the mounts of this process show it. */
export class KernelHost implements Host {
  readonly #paths: Paths;
  readonly #doors: Doors;
  #netlink: Promise<Rtnetlink> | undefined;

  constructor(paths: Paths, doors: Doors = ownDoors) {
    this.#paths = paths;
    this.#doors = doors;
  }

  async openPod(path: string, allowOwn: boolean): Promise<Pod> {
    // Opened while the pod is, and while the daemon is asked: both take a thread and some time.
    void this.#host().catch(() => undefined);
    const pod = await this.#doors.openPod(path);
    try {
      if (!allowOwn) refuseOwn(pod.netns);
      return pod;
    } catch (error) {
      pod[Symbol.dispose]();
      throw error;
    }
  }

  async createDevice(plan: EndpointPlan, pod: Pod): Promise<Pair> {
    return await createPair(await this.#host(), asOpen(pod), plan.endpoint);
  }

  async findPair(pod: Pod, ifname: string): Promise<FoundPair> {
    return await findPair(await this.#host(), asOpen(pod), ifname);
  }

  async deleteDevice(key: AttachmentKey): Promise<boolean> {
    // Pinned links of a device that cannot be found by its name: others may have renamed it, and without its programs it must not stay.
    const alias = deviceAlias(key);
    const mayBeRenamed = attachmentOfAlias(alias) !== undefined && existsSync(this.#linksOf(key));
    return await deletePair(await this.#host(), hostIfname(key), mayBeRenamed ? alias : undefined);
  }

  async defaultRoutes(pod: Pod): Promise<ReadonlySet<4 | 6>> {
    const routes = await asOpen(pod).netlink.routes.list({ table: TABLE_MAIN });
    return new Set(
      routes.filter(({ destination, table }) => destination === 'default' && table === TABLE_MAIN).map(({ family }) => family),
    );
  }

  async configurePod(plan: EndpointPlan, network: PodNetwork, pod: Pod, { ifindex }: Pair): Promise<void> {
    await configurePod(asOpen(pod), plan, network, ifindex);
  }

  async removeRules(netns: string, table: number): Promise<void> {
    try {
      using pod = await this.openPod(netns, true);
      const netlink = asOpen(pod).netlink;
      const rules = (await netlink.rules.list()).filter((rule) => rule.table === table);
      for (const { family, priority } of rules) await netlink.rules.delete({ family, priority, table });
    } catch (error) {
      // The rules die with their namespace, and another DEL may be quicker.
      if (!(error instanceof CniError) && !hasErrno(error, 'ENOENT')) throw error;
    }
  }

  async attachPrograms(plan: EndpointPlan, hostIfindex: number): Promise<void> {
    await attachPrograms(await this.#host(), plan.attach, hostIfindex);
  }

  async removeLinks(key: AttachmentKey): Promise<void> {
    await detachPrograms(() => this.#host(), this.#linksOf(key));
  }

  async observe(endpoint: Endpoint, pod: Pod): Promise<Observation> {
    return await observe(await this.#host(), asOpen(pod), endpoint, { links: this.#linksOf(endpoint), programs: this.#paths.progs });
  }

  [Symbol.dispose](): void {
    void this.#netlink?.then((netlink) => netlink.close()).catch(() => undefined);
  }

  #linksOf(key: AttachmentKey): string {
    return join(this.#paths.links, hostIfname(key));
  }

  #host(): Promise<Rtnetlink> {
    this.#netlink ??= this.#doors.openNode();
    return this.#netlink;
  }
}

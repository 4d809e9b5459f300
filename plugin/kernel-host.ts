import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AttachmentKey, Endpoint, EndpointPlan } from '../conf/api/types.ts';
import { CniError } from '../conf/cni/errors.ts';
import { hostIfname } from '../conf/names.ts';
import type { Paths } from '../conf/paths.ts';
import { hasErrno } from '../native/errors.ts';
import { Rtnetlink } from '../native/netlink/rtnetlink.ts';
import { Netns } from '../native/netns.ts';
import { attachPrograms, detachPrograms } from './attach/index.ts';
import { createPair, deletePair, findPair } from './device.ts';
import type { FoundPair, Host, Observation, Pod } from './host.ts';
import { observe } from './observe.ts';
import { configurePod } from './pod-config.ts';
import type { PodNetwork } from './pod-network.ts';

/** RT_TABLE_MAIN (linux/rtnetlink.h). */
const TABLE_MAIN = 254;

/** The real kernel, as the namespace and the mounts of this process show it. */
export class KernelHost implements Host {
  readonly #paths: Paths;
  #netlink: Promise<Rtnetlink> | undefined;

  constructor(paths: Paths) {
    this.#paths = paths;
  }

  async openPod(path: string, allowOwn: boolean): Promise<Pod> {
    const netns = openNetns(path);
    try {
      if (!allowOwn && isOwn(netns))
        throw new CniError('invalid-netns', `use CNI_NETNS ${path}: it is the network namespace of the plugin itself`);
      // Opened while the daemon is asked: both take a thread and some time.
      void this.#host().catch(() => undefined);
      return new OpenPod(path, netns, await Rtnetlink.open(netns));
    } catch (error) {
      netns.close();
      throw error;
    }
  }

  async createDevice(plan: EndpointPlan, pod: Pod): Promise<number> {
    return await createPair(await this.#host(), asOpen(pod), plan.endpoint);
  }

  async findPair(pod: Pod, ifname: string): Promise<FoundPair> {
    return await findPair(await this.#host(), asOpen(pod), ifname);
  }

  async deleteDevice(key: AttachmentKey): Promise<boolean> {
    return await deletePair(await this.#host(), hostIfname(key));
  }

  async defaultRoutes(pod: Pod): Promise<ReadonlySet<4 | 6>> {
    const routes = await asOpen(pod).netlink.routes.list({ table: TABLE_MAIN });
    return new Set(
      routes.filter(({ destination, table }) => destination === 'default' && table === TABLE_MAIN).map(({ family }) => family),
    );
  }

  async configurePod(plan: EndpointPlan, network: PodNetwork, pod: Pod): Promise<void> {
    await configurePod(asOpen(pod), plan, network);
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
    this.#netlink ??= Rtnetlink.open();
    return this.#netlink;
  }
}

/** A pod's namespace with a netlink socket that lives in it. */
export class OpenPod implements Pod {
  readonly path: string;
  readonly netns: Netns;
  readonly netlink: Rtnetlink;

  constructor(path: string, netns: Netns, netlink: Rtnetlink) {
    this.path = path;
    this.netns = netns;
    this.netlink = netlink;
  }

  [Symbol.dispose](): void {
    this.netlink.close();
    this.netns.close();
  }
}

function asOpen(pod: Pod): OpenPod {
  if (pod instanceof OpenPod) return pod;
  throw new TypeError(`use pod ${pod.path}: it was opened by another host`);
}

/** Whether the kernel has IPv6 at all: booted with ipv6.disable=1, or built without, it refuses everything about it. */
export function kernelHasIpv6(): boolean {
  return existsSync('/proc/sys/net/ipv6');
}

function openNetns(path: string): Netns {
  try {
    return Netns.open(path);
  } catch (cause) {
    if (!isAboutThePath(cause)) throw cause;
    const reason = hasErrno(cause, 'ENOENT') ? 'no such file' : cause.message;
    throw new CniError('invalid-netns', `use CNI_NETNS ${path}: ${reason}`, { cause });
  }
}

/** The kernel, or our own look at the file, refused it; anything else is a fault of ours. */
function isAboutThePath(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && (error.code === 'NOT_A_NETNS' || error.code === 'SYSCALL');
}

function isOwn(netns: Netns): boolean {
  using own = Netns.current();
  return netns.equals(own);
}

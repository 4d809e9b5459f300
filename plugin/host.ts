import type { AttachKind, AttachmentKey, Endpoint, EndpointPlan } from '../conf/api/types.ts';
import type { PodNetwork } from './pod-network.ts';

/** A pod's network namespace, held open. */
export interface Pod extends Disposable {
  /** CNI_NETNS, to the letter. */
  readonly path: string;
  /** `dev:ino` of the namespace. */
  readonly identity: string;
}

/** What the plugin does to the kernel, and sees of it, on its node. Errors keep the kernel's reason; each method either does all or undoes it. */
export interface Host {
  /** Errors: CniError `invalid-netns` for a path that is gone, is no namespace, or is our own namespace unless `allowOwn`. */
  openPod(path: string, allowOwn: boolean): Promise<Pod>;
  /**
   * Makes the pair with its peer inside the pod, both ends with their MACs and MTU, the host side up. Errors: CniError `interface-exists` when the
   * pod has an interface of that name.
   */
  createDevice(plan: EndpointPlan, pod: Pod): Promise<Pair>;
  /**
   * The pair of an interface that another plugin made. Errors: CniError `invalid-config` when the pod has no such interface, or it is no veth
   * with its other side on the node.
   */
  findPair(pod: Pod, ifname: string): Promise<FoundPair>;
  /** Deletes the host side, and so the pair, if it is one of ours; false when there is none. */
  deleteDevice(key: AttachmentKey): Promise<boolean>;
  /** The families that the pod has a default route of already, in its main table: another interface's. */
  defaultRoutes(pod: Pod): Promise<ReadonlySet<4 | 6>>;
  /** Sysctls, addresses, routes and rules of the pod's side, and sets it up. */
  configurePod(plan: EndpointPlan, network: PodNetwork, pod: Pod, pair: Pair): Promise<void>;
  /** Removes the rules that lead to a table of ours; none there, or no such pod, is fine. */
  removeRules(netns: string, table: number): Promise<void>;
  /** Attaches the pinned programs to the host side, to stay. */
  attachPrograms(plan: EndpointPlan, hostIfindex: number): Promise<void>;
  /** Removes an attachment's pinned links, and its filters on another plugin's device; none there is fine. */
  removeLinks(key: AttachmentKey): Promise<void>;
  /** What is there of an attachment, for CHECK. */
  observe(endpoint: Endpoint, pod: Pod): Promise<Observation>;
}

/** The two sides of a new pair, by their indexes in their namespaces. */
export interface Pair {
  readonly hostIfindex: number;
  /** Of the pod's side. */
  readonly ifindex: number;
}

/** A pair as the kernel has it. */
export interface FoundPair {
  readonly hostIfindex: number;
  readonly hostIfname: string;
  readonly hostMac: string;
  /** MAC of the pod's side. */
  readonly mac: string;
  /** Bytes of the IP packet. */
  readonly mtu: number;
}

/** An interface as the kernel has it. */
export interface ObservedInterface {
  readonly ifindex: number;
  readonly up: boolean;
  readonly mac: string;
  /** Bytes of the IP packet. */
  readonly mtu: number;
  /** In CIDR form. */
  readonly addresses: readonly string[];
}

/** A route of the pod through the attachment's interface. */
export interface ObservedRoute {
  /** In CIDR form, `0.0.0.0/0` and `::/0` for the default. */
  readonly dst: string;
  readonly gw?: string;
  /** The kernel's number of the routing table. */
  readonly table: number;
}

/** What holds a program at a hook: where it is attached, and to what program. */
export interface ObservedLink {
  readonly kind: AttachKind;
  readonly ifindex: number;
  /** Undefined where the hook is right without one. */
  readonly programId: number | undefined;
}

/** One hook of the host side: what is attached there, undefined when nothing live is, and the id of the program that it should be. */
export interface ObservedHook {
  readonly link: ObservedLink | undefined;
  readonly expectedProgramId: number | undefined;
}

/** An attachment as the kernel has it; an absent part is undefined. */
export interface Observation {
  readonly container: ObservedInterface | undefined;
  readonly host: ObservedInterface | undefined;
  readonly routes: readonly ObservedRoute[];
  /** Tables that rules of the pod lead to. */
  readonly ruleTables: readonly number[];
  readonly ingress: ObservedHook;
  readonly egress: ObservedHook;
}

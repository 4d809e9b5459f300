import type { AttachKind, AttachmentKey, Endpoint, EndpointPlan } from '../conf/api/types.ts';
import type { Environment, Invocation } from '../conf/cni/env.ts';
import type { NetConf } from '../conf/cni/netconf.ts';
import type { CniCommand, CniDns, CniIp, CniResult, CniRoute } from '../conf/cni/types.ts';
import type { Agent } from './agent.ts';
import type { DeleteQueue } from './delete-queue.ts';
import type { PodFamily } from './families.ts';

/*
 * The types that the plugin's modules share: a call, the tools of a command, the pod and its network. They import no functions, so that
 * every module may import them.
 */

/** A validated call: what the runtime says in the environment and on stdin. */
export interface PluginCall {
  /** What stdin held, whole: a delegate gets it as it came. */
  readonly stdin: unknown;
  readonly invocation: Invocation;
  readonly conf: NetConf;
  readonly env: Environment;
}

/** What a command function works with. Cold, the process's own; warm, the daemon's. */
export interface Tools {
  readonly agent: Agent;
  readonly host: Host;
  readonly queue: DeleteQueue;
  readonly delegates: Delegates;
}

/** Runs one verb. ADD answers a result, the others nothing. */
export type Handler = (call: PluginCall) => Promise<CniResult | undefined>;

/** A handler per verb; VERSION is answered by `runPlugin` itself. */
export type Handlers = Readonly<Record<Exclude<CniCommand, 'VERSION'>, Handler>>;

/** Runs other plugins on behalf of a call (SPEC section 4, "Plugin Delegation"). */
export interface Delegates {
  /**
   * Runs the plugin `type` with the call's own environment, but for the command, and with its whole configuration. Gives what stdout held,
   * parsed; undefined when it was empty. Errors: CniError with the plugin's own words and code; `delegate-failed` without, when there is no such plugin or its answer makes no sense.
   */
  run(type: string, command: CniCommand, call: PluginCall): Promise<unknown>;
}

/** What the pod's side gets. */
export interface PodNetwork {
  readonly families: readonly PodFamily[];
  readonly routes: readonly CniRoute[];
  /** Table of the routes of a further interface, which rules lead to; absent for the first one. */
  readonly table?: number;
  /** What looks up `table`: packets from the interface's addresses, and to what an IPAM plugin routes there. */
  readonly rules: readonly PodRule[];
  readonly dns?: CniDns;
}

/** Prefixes in text form. */
export interface PodRule {
  readonly from?: string;
  readonly to?: string;
}

/** What an IPAM plugin gave. */
export interface Delegated {
  readonly ips: readonly CniIp[];
  readonly routes: readonly CniRoute[];
  readonly dns?: CniDns;
}

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

/**
 * What crosses the daemon's socket: HTTP + JSON, one type per body. The schemas beside this file check these shapes at the daemon's
 * edge; the plugin and the CLI import the types only, so that they load no schema library.
 *
 * Units: MTU in bytes of the IP packet; addresses in the text form of RFC 5952 (IPv6) or dotted quad, without prefix length;
 * MAC addresses as six lower-case hex pairs with colons; times in ISO 8601.
 */
import type { BootTime } from '../moment.ts';
import type { ApiErrorCode } from './error-codes.ts';

export type { ApiErrorCode };

/** A CNI attachment: one interface of one container. The pair names an endpoint for its whole life. */
export interface AttachmentKey {
  /** CNI_CONTAINERID. */
  readonly containerId: string;
  /** CNI_IFNAME. */
  readonly ifname: string;
}

/**
 * Where an endpoint stands. The words are those of Cilium's endpoint list. `disconnected`: its DEL was answered; the kernel has yet to bury its
 * device, which holds id and addresses until then, but no longer the attachment's name.
 */
export type EndpointState = 'creating' | 'ready' | 'restoring' | 'disconnecting' | 'disconnected';

/** Body of `POST /v1/endpoints/disconnect`. */
export interface DisconnectRequest extends AttachmentKey {
  /** CNI_NETNS of the DEL, which need not be that of the ADD; absent when the runtime told none. */
  readonly netns?: string;
}

/** What the runtime told us about the pod; every field is empty outside Kubernetes. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** An address of an endpoint, and the pool that it came from. */
export interface EndpointAddress {
  readonly address: string;
  readonly pool: string;
}

/** Body of `POST /v1/endpoints`: reserves addresses and writes the record in state `creating`. */
export interface EndpointRequest extends AttachmentKey {
  /** CNI_NETNS, to the letter. */
  readonly netns: string;
  /** `dev:ino` of the namespace as the plugin sees it: the daemon may have another view of the file system. */
  readonly netnsIdentity?: string;
  readonly pod: PodIdentity;
  /** Name of the network (`name` of the configuration), by which GC tells its attachments from others. */
  readonly network?: string;
  /** Pool to take the addresses from; the default pool when absent. */
  readonly pool?: string;
  /** Addresses asked for by name (CNI_ARGS `IP`, runtimeConfig `ips`), at most one per family. */
  readonly addresses?: readonly string[];
  /** MAC asked for the container's side. */
  readonly mac?: string;
  /** MTU asked for in the network configuration; the node's when absent. */
  readonly mtu?: number;
  /** Another plugin gives the addresses: the daemon reserves none, and learns them with the device. */
  readonly external?: boolean;
  /** Another plugin has made the device: its name and MAC on the host. The daemon never deletes it. */
  readonly device?: { readonly hostIfname: string; readonly hostMac: string };
  /** The pod's packets go through the node's stack both ways, for the sake of netfilter's connection tracking. */
  readonly viaStack?: boolean;
}

/**
 * Kind of the pair of devices by which a pod is connected: veth, or netkit (Linux 6.7) of layer 3, which has neither MAC addresses nor ARP, or
 * of layer 2.
 */
export type DeviceMode = 'veth' | 'netkit' | 'netkit-l2';

/** One endpoint, as the daemon keeps and shows it. */
export interface Endpoint extends AttachmentKey {
  /** 1 to 65535, unique on the node. */
  readonly id: number;
  readonly state: EndpointState;
  readonly netns: string;
  readonly pod: PodIdentity;
  /** Name of the network that asked for it; absent in records of before networks were remembered, which GC leaves alone. */
  readonly network?: string;
  /** Numeric security identity. */
  readonly identity: number;
  readonly labels: readonly string[];
  readonly ipv4?: EndpointAddress;
  readonly ipv6?: EndpointAddress;
  /** Name of the host side of the pair; see `hostIfname`. */
  readonly hostIfname: string;
  /** 0 until the device exists. */
  readonly hostIfindex: number;
  /** MAC of the host side: the pod's next hop. All zero for device `netkit`, as is that of the container's side. */
  readonly hostMac: string;
  /** MAC of the container's side. */
  readonly mac: string;
  readonly mtu: number;
  /** Kind of the pair that was made for it; absent: a veth pair, or another plugin's device. */
  readonly device?: Exclude<DeviceMode, 'veth'>;
  /** The device is another plugin's, and packets go on through the node's stack. */
  readonly chained?: boolean;
  /** Packets go through the node's stack both ways. */
  readonly viaStack?: boolean;
  /** Routing table of a further interface, in the pod's namespace; absent when its routes are in the main one. */
  readonly table?: number;
  readonly createdAt: string;
  /** The same by a clock that nobody can set; absent in endpoints of older versions. */
  readonly createdOn?: BootTime;
}

/**
 * How a program is held at a hook of a device: by a pinned tcx link (Linux 6.6), by a filter of a clsact qdisc, or by a pinned link of a
 * netkit pair.
 */
export type AttachKind = 'tcx' | 'clsact' | 'netkit';

/** Answer to `POST /v1/endpoints`: all that the plugin needs to build the device. */
export interface EndpointPlan {
  readonly endpoint: Endpoint;
  /** Router address per enabled family: the pod's gateway. */
  readonly routers: { readonly ipv4?: string; readonly ipv6?: string };
  /** Pinned programs to attach, how to, and the folder that takes the pinned links. */
  readonly attach: {
    readonly kind: AttachKind;
    /** bpffs path of the pinned `axo_from_container`. */
    readonly fromContainer: string;
    /** bpffs path of the pinned `axo_to_container`. */
    readonly toContainer: string;
    /** bpffs folder for this endpoint's links (`ingress`, `egress`), or the mark of its filters; made by the plugin. */
    readonly links: string;
  };
}

/** Body of `PUT /v1/endpoints/{id}/device`: the device exists; write the maps. */
export interface DeviceReport {
  readonly hostIfindex: number;
  /** For a request with `external`: the addresses, one per family at most, each with one of `EXTERNAL_POOLS`. */
  readonly addresses?: readonly EndpointAddress[];
  /** See `Endpoint.table`. */
  readonly table?: number;
}

/** Body of `POST /v1/endpoints/check`. */
export interface CheckRequest extends AttachmentKey {
  /** `dev:ino` of the namespace behind CNI_NETNS as the plugin sees it. */
  readonly netnsIdentity?: string;
}

/** Answer of `POST /v1/endpoints/check`: what the daemon finds wrong with an attachment, empty when nothing. */
export interface CheckReport {
  readonly endpoint: Endpoint;
  readonly problems: readonly string[];
}

/** Every error body of the API. `code` is stable and for programs, `message` for people. */
export interface ApiError {
  readonly code: ApiErrorCode;
  readonly message: string;
  readonly details?: string;
}

/** Answer of `GET /v1/healthz`. */
export interface Health {
  /** `ok`: an ADD would be served. `degraded`: pods run, but an ADD would fail. `starting`: not yet. */
  readonly state: 'ok' | 'degraded' | 'starting';
  /** One sentence per problem. */
  readonly problems: readonly string[];
  /** Those of `problems` that an ADD with an IPAM plugin of its own does not meet: the node's pools are full. */
  readonly addressProblems?: readonly string[];
  /** One sentence each about what does not keep an ADD from working: a pod that others cut off, a setting that will not take effect. */
  readonly warnings?: readonly string[];
  readonly version: string;
}

/** One allocated address with its owner, as `axoneme status --verbose` lists it. */
export interface AllocatedAddress {
  readonly address: string;
  /** `default/web-1`, `router`, `health` or the container id. */
  readonly owner: string;
  readonly pool: string;
}

/** One pool of one family, as `axoneme ipam list` shows it. */
export interface PoolStatus {
  readonly name: string;
  readonly family: 4 | 6;
  /** Blocks that this node holds. */
  readonly cidrs: readonly string[];
  readonly allocated: number;
  /** Usable addresses in the blocks; a decimal string, since a /64 has more than 2^53. */
  readonly capacity: string;
}

/** Answer of `GET /v1/ipam`. */
export interface IpamStatus {
  readonly mode: 'cluster-pool' | 'multi-pool';
  readonly pools: readonly PoolStatus[];
  readonly addresses: readonly AllocatedAddress[];
}

/** Cilium's words for the kinds `tcx` and `clsact`. */
export type AttachMode = 'TCX' | 'Legacy TC';

/** Answer of `GET /v1/status`. */
export interface Status {
  readonly health: Health;
  readonly node: string;
  readonly ipam: IpamStatus;
  readonly datapath: {
    /** Kind of the pairs that are made now; endpoints of before keep theirs. */
    readonly deviceMode: DeviceMode;
    /** Why: what the configuration says, or what the kernel has. */
    readonly deviceReason: string;
    /** How the programs of veth and native devices are attached, in Cilium's words. */
    readonly attachMode: AttachMode;
    /** Why: what the configuration says, or what the kernel has. */
    readonly attachReason: string;
    readonly routing: string;
    readonly devices: readonly string[];
    readonly routers: { readonly ipv4?: string; readonly ipv6?: string };
    readonly mtu: number;
    readonly kernel: string;
  };
  /** `total` counts the attachments, in whatever state; `disconnected` those that are none any more. */
  readonly endpoints: { readonly ready: number; readonly total: number; readonly disconnected: number };
  readonly burials: BurialCounts;
  readonly drops: readonly MetricRow[];
  readonly forwarded: readonly MetricRow[];
  readonly daemon: { readonly pid: number; readonly startedAt: string; readonly residentBytes: number };
}

/** The work of the reaper since the daemon's start. */
export interface BurialCounts {
  /** Endpoints whose device was deleted. */
  readonly endpoints: number;
  /** Batches in which that was done. */
  readonly batches: number;
  /** Endpoints that wait for the next batch. */
  readonly waiting: number;
}

/** One counter of `axo_metrics`, summed over CPUs. */
export interface MetricRow {
  readonly reason: string;
  readonly direction: 'ingress' | 'egress' | 'host';
  readonly packets: string;
  readonly bytes: string;
}

/** One row of `axo_endpoints`. */
export interface BpfEndpointRow {
  readonly address: string;
  /** True for the node's own addresses. */
  readonly localhost: boolean;
  readonly id: number;
  readonly identity: number;
  readonly ifindex: number;
  readonly mac: string;
  readonly nodeMac: string;
  readonly flags: number;
  readonly mtu: number;
}

/** One row of `axo_ipcache`. */
export interface BpfIpcacheRow {
  readonly prefix: string;
  readonly identity: number;
  readonly tunnelEndpoint: string;
  readonly flags: number;
}

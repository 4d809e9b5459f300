/**
 * The words of the Container Network Interface: https://github.com/containernetworking/cni/blob/spec-v1.1.0/SPEC.md, called SPEC in
 * this folder. Results are held in the shape of the newest version; `result.ts` writes and reads the older ones.
 */

/** The values of CNI_COMMAND, in the spelling that the specification demands. */
export const CNI_COMMANDS = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION'] as const;

/** A verb of the protocol. */
export type CniCommand = (typeof CNI_COMMANDS)[number];

/** An interface that the attachment made. `mtu` in bytes of the IP packet. */
export interface CniInterface {
  readonly name: string;
  readonly mac?: string;
  readonly mtu?: number;
  /** CNI_NETNS, to the letter, for an interface inside the container; absent on the host. */
  readonly sandbox?: string;
  readonly socketPath?: string;
  readonly pciID?: string;
}

/** An address given to the container. */
export interface CniIp {
  /** In CIDR form: `10.0.0.5/32`. */
  readonly address: string;
  readonly gateway?: string;
  /** Index into `interfaces`. */
  readonly interface?: number;
}

/** A route of the container. `scope` and `table` are the kernel's numbers (rtnetlink(7)); `mtu` and `advmss` in bytes. */
export interface CniRoute {
  readonly dst: string;
  readonly gw?: string;
  readonly mtu?: number;
  readonly advmss?: number;
  readonly priority?: number;
  readonly table?: number;
  readonly scope?: number;
}

/** Resolver settings, passed on to the runtime. */
export interface CniDns {
  readonly nameservers?: readonly string[];
  readonly domain?: string;
  readonly search?: readonly string[];
  readonly options?: readonly string[];
}

/** What ADD answers, whatever the version on the wire (SPEC section 5, "Success"). */
export interface CniResult {
  readonly interfaces: readonly CniInterface[];
  readonly ips: readonly CniIp[];
  readonly routes: readonly CniRoute[];
  readonly dns?: CniDns;
}

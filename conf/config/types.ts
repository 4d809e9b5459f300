/** One family of a pool, as the chart writes it. */
export interface PoolFamily {
  /** Networks such as `10.0.0.0/8`. */
  readonly cidrs: readonly string[];
  /** Prefix length of the block that a node takes at a time, in bits. */
  readonly maskSize: number;
}

/** One entry of `ipam.operator.autoCreateCiliumPodIPPools`. */
export interface PoolTemplate {
  readonly ipv4?: PoolFamily;
  readonly ipv6?: PoolFamily;
}

/** How many events a connection makes: `none` reports each packet, `maximum` the least. */
export type MonitorAggregation = 'none' | 'low' | 'medium' | 'maximum';

/**
 * The daemon's configuration with every default filled in. Its shape and names are those of Cilium's Helm values, so that what
 * `axoneme config view -o json` prints is itself a configuration file (YAML contains JSON).
 */
export interface DaemonConfig {
  readonly ipam: {
    readonly mode: 'cluster-pool' | 'multi-pool';
    readonly operator: {
      readonly clusterPoolIPv4PodCIDRList: readonly string[];
      readonly clusterPoolIPv4MaskSize: number;
      readonly clusterPoolIPv6PodCIDRList: readonly string[];
      readonly clusterPoolIPv6MaskSize: number;
      readonly autoCreateCiliumPodIPPools: Readonly<Record<string, PoolTemplate>>;
    };
    /** Our own key: addresses, networks and ranges `a-b` that no pod gets. */
    readonly excludedAddresses: readonly string[];
    /** Our own key: blocks that this node may hold per pool and family; 0 for no bound. */
    readonly maxBlocksPerNode: number;
  };
  readonly ipv4: { readonly enabled: boolean };
  readonly ipv6: { readonly enabled: boolean };
  readonly bpf: {
    /** Kind of the device pair of a pod; `auto`: netkit where the kernel has it, else veth. */
    readonly datapathMode: 'veth' | 'netkit' | 'netkit-l2' | 'auto';
    readonly monitorAggregation: MonitorAggregation;
    /** Attach programs by tcx links where the kernel has them (6.6); false: by filters of clsact, as before. */
    readonly enableTCX: boolean;
    /** Our own key: let the kernel hurry its grace periods while a pod's programs are attached (see docs/operations.md). */
    readonly expediteAttach: boolean;
  };
  readonly routingMode: 'native';
  /** Native devices by name; a trailing `+` stands for any ending (`eth+`). Empty: those that carry a default route or a global address. */
  readonly devices: readonly string[];
  /** Bytes of an IP packet; 0: that of the native devices. */
  readonly MTU: number;
  readonly debug: { readonly enabled: boolean };
}

/** What `loadConfig` and `parseConfig` answer. */
export interface ParsedConfig {
  /** Frozen to the bottom. */
  readonly config: DaemonConfig;
  /** Paths of keys that Cilium's chart knows and axoneme has no use for; the caller names them once. */
  readonly ignored: readonly string[];
}

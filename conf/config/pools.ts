import type { DaemonConfig, PoolFamily } from './types.ts';

/** One pool with the families that are switched on. */
export interface NodePool {
  readonly name: string;
  readonly ipv4?: PoolFamily;
  readonly ipv6?: PoolFamily;
}

/** What `new NodeIpam` of `ipam` takes. */
export interface NodePools {
  readonly mode: 'cluster-pool' | 'multi-pool';
  readonly pools: readonly NodePool[];
  readonly excluded: readonly string[];
  readonly maxBlocks?: number;
}

/** The pools of a configuration, without the families that are switched off. */
export function nodePools(config: DaemonConfig): NodePools {
  const { mode, operator, excludedAddresses, maxBlocksPerNode } = config.ipam;
  const all = mode === 'multi-pool' ? Object.entries(operator.autoCreateCiliumPodIPPools) : ([['default', clusterPool(config)]] as const);
  const pools = all.map(([name, { ipv4, ipv6 }]) => ({
    name,
    ...(config.ipv4.enabled && ipv4 ? { ipv4 } : {}),
    ...(config.ipv6.enabled && ipv6 ? { ipv6 } : {}),
  }));
  return { mode, pools, excluded: excludedAddresses, ...(maxBlocksPerNode > 0 ? { maxBlocks: maxBlocksPerNode } : {}) };
}

function clusterPool({ ipam: { operator } }: DaemonConfig): { ipv4: PoolFamily; ipv6: PoolFamily } {
  return {
    ipv4: { cidrs: operator.clusterPoolIPv4PodCIDRList, maskSize: operator.clusterPoolIPv4MaskSize },
    ipv6: { cidrs: operator.clusterPoolIPv6PodCIDRList, maskSize: operator.clusterPoolIPv6MaskSize },
  };
}

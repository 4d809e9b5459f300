import type { DaemonConfig } from './types.ts';

/**
 * What holds without a configuration file: the defaults of Cilium's Helm chart (1.18), but for `routingMode` (the chart: tunnel), since one
 * node needs no tunnel.
 */
export const defaultConfig: DaemonConfig = deepFreeze({
  ipam: {
    mode: 'cluster-pool',
    operator: {
      clusterPoolIPv4PodCIDRList: ['10.0.0.0/8'],
      clusterPoolIPv4MaskSize: 24,
      clusterPoolIPv6PodCIDRList: ['fd00::/104'],
      clusterPoolIPv6MaskSize: 120,
      autoCreateCiliumPodIPPools: {},
    },
    excludedAddresses: [],
    maxBlocksPerNode: 0,
  },
  ipv4: { enabled: true },
  ipv6: { enabled: false },
  bpf: { datapathMode: 'veth', monitorAggregation: 'medium', enableTCX: true, expediteAttach: true },
  routingMode: 'native',
  devices: [],
  MTU: 0,
  debug: { enabled: false },
});

/** Freezes a value and all that it holds; returns the same value. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

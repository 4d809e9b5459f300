import type { MonitorAggregation } from '../bpf/layout.generated.ts';
import { type DaemonConfig, nodePools } from '../conf/config/index.ts';
import type { Family, IpamConfig } from '../ipam/index.ts';

/** What the daemon's parts need of the configuration. */
export interface Settings {
  readonly families: readonly Family[];
  readonly ipam: IpamConfig;
  /** Native devices by name or beginning; empty: found by their routes. */
  readonly devices: readonly string[];
  /** Bytes of the IP packet; 0: that of the native devices. */
  readonly mtu: number;
  readonly monitorAggregation: MonitorAggregation;
  readonly expedite: boolean;
  /** Attach by tcx where the kernel has it. */
  readonly tcx: boolean;
  readonly datapathMode: DaemonConfig['bpf']['datapathMode'];
}

/** The daemon's view of a configuration. */
export function settingsOf(config: DaemonConfig): Settings {
  return {
    families: [...(config.ipv4.enabled ? [4 as const] : []), ...(config.ipv6.enabled ? [6 as const] : [])],
    ipam: nodePools(config),
    devices: config.devices,
    mtu: config.MTU,
    monitorAggregation: config.bpf.monitorAggregation.toUpperCase() as Uppercase<DaemonConfig['bpf']['monitorAggregation']>,
    expedite: config.bpf.expediteAttach,
    tcx: config.bpf.enableTCX,
    datapathMode: config.bpf.datapathMode,
  };
}

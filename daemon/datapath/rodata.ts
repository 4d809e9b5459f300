import { version } from 'node:os';
import type { MonitorAggregation } from '../../bpf/layout.generated.ts';
import { type DatapathSettings, monitorAggregation } from '../../bpf/layout.generated.ts';
import type { EndpointPlan } from '../../conf/api/types.ts';
import { addressBytes, macBytes } from './address.ts';
import type { HostDevice } from './host-device.ts';

/** What the programs' read-only data is made of. */
export interface RodataInput extends HostDevice {
  readonly routers: EndpointPlan['routers'];
  readonly monitorAggregation: MonitorAggregation;
}

/** What the programs are loaded with: the node's own leg and routers, and how much they tell. A family without a router is all zero. */
export function rodataOf({ monitorAggregation: aggregation, routers, host, net }: RodataInput): DatapathSettings {
  const address = (text: string | undefined) => (text === undefined ? new Uint8Array(16) : addressBytes(text));
  return {
    cfg_host_ifindex: host.ifindex,
    cfg_host_mac: macBytes(host.mac),
    cfg_net_ifindex: net.ifindex,
    cfg_router4: address(routers.ipv4),
    cfg_router6: address(routers.ipv6),
    cfg_monitor_aggregation: monitorAggregation[aggregation],
    cfg_preemptible: isRealTime(version()) ? 1 : 0,
  };
}

/** Whether a kernel of this build text (`uname -v`) lets one program preempt another on its processor: CONFIG_PREEMPT_RT says so there. */
export const isRealTime = (build: string): boolean => /\bPREEMPT_RT\b/.test(build);

import type { EndpointRequest } from '../../conf/api/types.ts';
import { parseCniArgs } from '../../conf/cni/args.ts';
import type { PluginCall } from '../types.ts';

/** What every ADD tells the daemon, whoever makes device and addresses. Errors: CniError `invalid-environment` for CNI_ARGS. */
export function baseRequest({ invocation, conf }: PluginCall): EndpointRequest {
  return {
    containerId: invocation.containerId,
    ifname: invocation.ifname,
    netns: invocation.netns,
    pod: parseCniArgs(invocation.args).pod,
    network: conf.name,
  };
}

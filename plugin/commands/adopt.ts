import type { EndpointRequest } from '../../conf/api/types.ts';
import { CniError } from '../../conf/cni/errors.ts';
import type { CniIp, CniResult } from '../../conf/cni/types.ts';
import { step } from '../../conf/step.ts';
import { withAddresses } from '../pod-network.ts';
import type { FoundPair, PluginCall, Tools } from '../types.ts';
import { withUndo } from '../undo.ts';
import { baseRequest } from './request.ts';

/**
 * ADD behind another main plugin: adopts the pair and the addresses that `prevResult` names, attaches the datapath to the pair's host side
 * and passes the result on as it came. What the other plugin made stays its own; undoing detaches and no more. Errors: CniError
 * `invalid-config` when `prevResult` names no such interface, or none that is a pair with one side on the node.
 */
export async function adopt(call: PluginCall, prevResult: CniResult, { agent, host }: Omit<Tools, 'queue'>): Promise<CniResult> {
  const { invocation } = call;
  const ips = addressesOf(prevResult, call);
  using pod = await host.openPod(invocation.netns, invocation.allowOwnNetns);
  const pair = await host.findPair(pod, invocation.ifname);
  return await withUndo(async (undo) => {
    const reserved = await step('add.create', () => agent.createEndpoint({ ...request(call, pair), netnsIdentity: pod.identity }));
    const { id } = reserved.endpoint;
    undo.defer('forget the endpoint', () => agent.deleteEndpoint(id));
    const plan = withAddresses(reserved, { ips }, 'chained');
    const addresses = [plan.endpoint.ipv4, plan.endpoint.ipv6].filter((address) => address !== undefined);
    undo.defer('take the endpoint out of the maps', () => agent.disconnectEndpoint(plan.endpoint));
    await step('add.connect', () => agent.connectEndpoint(id, { hostIfindex: pair.hostIfindex, addresses }));
    undo.defer('remove the links', () => host.removeLinks(plan.endpoint));
    await host.attachPrograms(plan, pair.hostIfindex);
    await step('add.complete', () => agent.completeEndpoint(id));
    return prevResult;
  });
}

function request(call: PluginCall, { hostIfname, hostMac, mac, mtu }: FoundPair): EndpointRequest {
  return { ...baseRequest(call), mac, mtu, external: true, device: { hostIfname, hostMac } };
}

/** The addresses of the container's interface. Versions without interfaces (0.1.0, 0.2.0) can only mean this one. */
function addressesOf({ interfaces, ips }: CniResult, { invocation, conf }: PluginCall): readonly CniIp[] {
  if (conf.delegate !== undefined) {
    throw new CniError(
      'invalid-config',
      `read ipam.type: "${conf.delegate}" has nothing to give behind another plugin, which has given the addresses`,
    );
  }
  const { ifname, netns } = invocation;
  const index = interfaces.findIndex((one) => one.name === ifname && one.sandbox === netns);
  if (index < 0 && interfaces.length > 0) {
    throw new CniError('invalid-config', `read prevResult: it has no interface ${ifname} in ${netns}`);
  }
  const mine = ips.filter((ip) => ip.interface === undefined || ip.interface === index);
  if (mine.length > 0) return mine;
  throw new CniError('invalid-config', `read prevResult: interface ${ifname} has no address`);
}

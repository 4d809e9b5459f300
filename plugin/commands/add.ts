import type { EndpointPlan, EndpointRequest } from '../../conf/api/types.ts';
import { parseCniArgs } from '../../conf/cni/args.ts';
import { CniError } from '../../conf/cni/errors.ts';
import type { CniResult, CniRoute } from '../../conf/cni/types.ts';
import { step } from '../../conf/step.ts';
import type { PluginCall, Tools } from '../call.ts';
import { families, type PodFamily } from '../families.ts';
import type { Pod } from '../host.ts';
import { type Undo, withUndo } from '../undo.ts';

/**
 * ADD: gives the container its interface. Every step is taken back, in reverse, when a later one fails. The record comes before the
 * device and `ready` comes last, so that whatever is found half-made after a crash has an owner.
 */
export async function add(call: PluginCall, { agent, host }: Omit<Tools, 'queue'>): Promise<CniResult> {
  const request = endpointRequest(call);
  using pod = await host.openPod(request.netns, call.invocation.allowOwnNetns);
  return await withUndo(async (undo) => {
    const plan = await step('add.create', () => agent.createEndpoint(request));
    undo.defer('free the addresses', () => agent.deleteEndpoint(plan.endpoint.id));
    await connect(plan, pod, { agent, host }, undo);
    await step('add.complete', () => agent.completeEndpoint(plan.endpoint.id));
    return resultOf(plan, call);
  });
}

async function connect(plan: EndpointPlan, pod: Pod, { agent, host }: Omit<Tools, 'queue'>, undo: Undo): Promise<void> {
  const { endpoint } = plan;
  const hostIfindex = await host.createDevice(plan, pod);
  undo.defer('delete the device', () => host.deleteDevice(endpoint));
  await step('add.pod', () => host.configurePod(plan, pod));
  undo.defer('take the endpoint out of the maps', () => agent.disconnectEndpoint(endpoint));
  await step('add.connect', () => agent.connectEndpoint(endpoint.id, { hostIfindex }));
  undo.defer('remove the links', () => host.removeLinks(endpoint));
  await host.attachPrograms(plan, hostIfindex);
}

/** What the runtime asks for; `runtimeConfig` and `args` come before CNI_ARGS (CONVENTIONS.md, "CNI_ARGS"). */
function endpointRequest({ invocation, conf }: PluginCall): EndpointRequest {
  if (conf.prevResult) throw new CniError('invalid-config', 'read prevResult: axoneme must be the first plugin of the chain');
  const args = parseCniArgs(invocation.args);
  const { runtime } = conf;
  const addresses = (runtime.ips.length > 0 ? runtime.ips : args.ips).map(withoutLength);
  const [mac, pool] = [runtime.mac ?? args.mac, runtime.pool ?? conf.pool];
  return {
    containerId: invocation.containerId,
    ifname: invocation.ifname,
    netns: invocation.netns,
    pod: args.pod,
    network: conf.name,
    ...(pool !== undefined && { pool }),
    ...(addresses.length > 0 && { addresses }),
    ...(mac !== undefined && { mac: mac.toLowerCase() }),
    ...(conf.mtu !== undefined && { mtu: conf.mtu }),
  };
}

/** A pod's addresses are always single: a prefix length that comes along says nothing. */
function withoutLength(address: string): string {
  return address.replace(/\/\d+$/, '');
}

/** The container's interface is the second of the result; the addresses point there. */
const CONTAINER_INDEX = 1;

function resultOf(plan: EndpointPlan, { conf }: PluginCall): CniResult {
  const { endpoint } = plan;
  const dns = { ...conf.dns, ...conf.runtime.dns };
  return {
    interfaces: [
      { name: endpoint.hostIfname, mac: endpoint.hostMac, mtu: endpoint.mtu },
      { name: endpoint.ifname, mac: endpoint.mac, mtu: endpoint.mtu, sandbox: endpoint.netns },
    ],
    ips: families(plan).map(({ address, bits, router }) => ({
      address: `${address}/${bits}`,
      gateway: router,
      interface: CONTAINER_INDEX,
    })),
    routes: families(plan).flatMap(routesOf),
    dns,
  };
}

/** RT_SCOPE_LINK (linux/rtnetlink.h): the router is on the link though no prefix of ours says so. */
const SCOPE_LINK = 253;

function routesOf({ router, bits, everything }: PodFamily): CniRoute[] {
  // Scopes are an IPv4 notion; the kernel reports none for IPv6.
  const scope = bits === 32 ? { scope: SCOPE_LINK } : {};
  return [
    { dst: `${router}/${bits}`, ...scope },
    { dst: everything, gw: router },
  ];
}

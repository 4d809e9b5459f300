import type { DeviceReport, EndpointPlan, EndpointRequest } from '../../conf/api/types.ts';
import { parseCniArgs } from '../../conf/cni/args.ts';
import { CniError, toCniError } from '../../conf/cni/errors.ts';
import type { CniResult } from '../../conf/cni/types.ts';
import { EXTERNAL_POOLS, NO_MAC } from '../../conf/names.ts';
import { step } from '../../conf/step.ts';
import { askDelegate, podNetwork, withAddresses } from '../pod-network.ts';
import type { Delegated, PluginCall, Pod, PodNetwork, Tools } from '../types.ts';
import { type Undo, withUndo } from '../undo.ts';
import { baseRequest } from './request.ts';

/**
 * ADD: gives the container its interface. Every step is taken back, in reverse, when a later one fails. The record comes before the
 * device and `ready` comes last, so that whatever is found half-made after a crash has an owner.
 */
export async function add(call: PluginCall, tools: Omit<Tools, 'queue'>): Promise<CniResult> {
  try {
    if (call.conf.prevResult) return await (await import('./adopt.ts')).adopt(call, call.conf.prevResult, tools);
    return await addFirst(call, tools);
  } catch (error) {
    throw tools.agent.isLost ? overtaken(error) : error;
  }
}

/** A daemon that ended in the middle of an ADD clears away at its next start what the ADD had made, device included: whatever failed then failed by that. */
export function overtaken(error: unknown): CniError {
  const { message, details } = toCniError(error);
  const text = `add the container: the daemon ended meanwhile: ${message}`;
  return new CniError('try-again-later', text, { cause: error, ...(details !== undefined && { details }) });
}

/** First of the chain, or alone: the interface is ours to make. */
async function addFirst(call: PluginCall, tools: Omit<Tools, 'queue'>): Promise<CniResult> {
  const { agent, host } = tools;
  const request = endpointRequest(call);
  using pod = await host.openPod(request.netns, call.invocation.allowOwnNetns);
  return await withUndo(async (undo) => {
    // Looked at while the daemon is asked and the device made.
    const early = host.defaultRoutes(pod);
    early.catch(() => undefined);
    const reserved = await step('add.create', () => agent.createEndpoint({ ...request, netnsIdentity: pod.identity }));
    undo.defer('free the addresses', () => agent.deleteEndpoint(reserved.endpoint.id));
    const delegated = await delegate(call, tools, undo);
    const plan = delegated ? withAddresses(reserved, delegated, 'delegated') : reserved;
    // What was there then may have been an earlier try's, which the daemon has ended before it answered.
    const taken = async () => ((await early).size > 0 ? await host.defaultRoutes(pod) : await early);
    const network = await connect(plan, async () => podNetwork(plan, await taken(), delegated), pod, tools, undo);
    await step('add.complete', () => agent.completeEndpoint(plan.endpoint.id));
    return resultOf(plan, network, call);
  });
}

/** The IPAM plugin is asked when the daemon has said that no such attachment lives: what is taken back must not be a live pod's address. */
async function delegate(call: PluginCall, tools: Omit<Tools, 'queue'>, undo: Undo): Promise<Delegated | undefined> {
  const { delegate: type } = call.conf;
  if (type === undefined) return undefined;
  undo.defer(`give the addresses back to ${type}`, () => tools.delegates.run(type, 'DEL', call));
  return await step('add.delegate', () => askDelegate(type, call, tools));
}

/** Answers the network that the pod has then, which is asked for when its device is there. */
async function connect(
  plan: EndpointPlan,
  networkOf: () => Promise<PodNetwork>,
  pod: Pod,
  { agent, host }: Omit<Tools, 'queue'>,
  undo: Undo,
): Promise<PodNetwork> {
  const { endpoint } = plan;
  const pair = await host.createDevice(plan, pod);
  undo.defer('delete the device', () => host.deleteDevice(endpoint));
  const network = await networkOf();
  const { table } = network;
  if (table !== undefined) undo.defer('remove the rules', () => host.removeRules(pod.path, table));
  await step('add.pod', () => host.configurePod(plan, network, pod, pair));
  undo.defer('take the endpoint out of the maps', () => agent.disconnectEndpoint(endpoint));
  await step('add.connect', () => agent.connectEndpoint(endpoint.id, deviceReport(plan, network, pair.hostIfindex)));
  undo.defer('remove the links', () => host.removeLinks(endpoint));
  await host.attachPrograms(plan, pair.hostIfindex);
  return network;
}

/** Addresses that the daemon gave it knows. */
function deviceReport({ endpoint: { ipv4, ipv6 } }: EndpointPlan, { table }: PodNetwork, hostIfindex: number): DeviceReport {
  const addresses = [ipv4, ipv6].filter((address) => address !== undefined).filter(({ pool }) => pool === EXTERNAL_POOLS.delegated);
  return { hostIfindex, ...(addresses.length > 0 && { addresses }), ...(table !== undefined && { table }) };
}

/** What the runtime asks for; `runtimeConfig` and `args` come before CNI_ARGS (CONVENTIONS.md, "CNI_ARGS"). */
function endpointRequest(call: PluginCall): EndpointRequest {
  const { invocation, conf } = call;
  const args = parseCniArgs(invocation.args);
  const { runtime } = conf;
  const delegated = conf.delegate !== undefined;
  const addresses = delegated ? [] : (runtime.ips.length > 0 ? runtime.ips : args.ips).map(withoutLength);
  const [mac, pool] = [runtime.mac ?? args.mac, runtime.pool ?? conf.pool];
  return {
    ...baseRequest(call),
    ...(pool !== undefined && !delegated && { pool }),
    ...(addresses.length > 0 && { addresses }),
    ...(mac !== undefined && { mac: mac.toLowerCase() }),
    ...(conf.mtu !== undefined && { mtu: conf.mtu }),
    ...(delegated && { external: true }),
    ...(runtime.hasHostPorts && { viaStack: true }),
  };
}

/** A pod's addresses are always single: a prefix length that comes along says nothing. */
function withoutLength(address: string): string {
  return address.replace(/\/\d+$/, '');
}

/** The container's interface is the second of the result; the addresses point there. */
const CONTAINER_INDEX = 1;

/** SPEC, "ADD Success": `mac` may be absent where hardware addresses mean nothing. */
function macOf(mac: string): { mac?: string } {
  return mac === NO_MAC ? {} : { mac };
}

function resultOf(plan: EndpointPlan, network: PodNetwork, { conf }: PluginCall): CniResult {
  const { endpoint } = plan;
  const dns = { ...conf.dns, ...network.dns, ...conf.runtime.dns };
  return {
    interfaces: [
      { name: endpoint.hostIfname, ...macOf(endpoint.hostMac), mtu: endpoint.mtu },
      { name: endpoint.ifname, ...macOf(endpoint.mac), mtu: endpoint.mtu, sandbox: endpoint.netns },
    ],
    ips: network.families.map(({ cidr, gateway }) => ({
      address: cidr,
      gateway,
      interface: CONTAINER_INDEX,
    })),
    routes: network.routes,
    dns,
  };
}

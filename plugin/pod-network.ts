import type { EndpointAddress, EndpointPlan } from '../conf/api/types.ts';
import { CniError } from '../conf/cni/errors.ts';
import { decodeResult, family } from '../conf/cni/result.ts';
import type { CniResult, CniRoute } from '../conf/cni/types.ts';
import { EXTERNAL_POOLS } from '../conf/names.ts';
import { networkOf } from '../native/netlink/text.ts';
import { families, type PodFamily } from './families.ts';
import type { Delegated, PluginCall, PodNetwork, PodRule, Tools } from './types.ts';

/** RT_SCOPE_LINK (linux/rtnetlink.h): the router is on the link though no prefix of ours says so. */
const SCOPE_LINK = 253;

/** A further interface's table is this and the endpoint's id: unlike names and indexes, unique on the node. */
const TABLE_BASE = 20_000;

/**
 * The routes of a pod's interface. The first one has the default route. A further one leaves the main table alone: packets from its
 * own address look up a table of its own, so that answers leave by the interface that was asked. `taken`: families that have a default
 * route already. Routes that an IPAM plugin gave replace the default one; all lead to the node, whatever gateway they name.
 */
export function podNetwork(plan: EndpointPlan, taken: ReadonlySet<4 | 6>, delegated?: Delegated): PodNetwork {
  const all = families(plan, delegated?.ips);
  const table = TABLE_BASE + plan.endpoint.id;
  const [routes, rules]: [CniRoute[], PodRule[]] = [[], []];
  for (const one of all) {
    const given = delegated && givenRoutes(one, delegated);
    const isFurther = taken.has(familyOf(one));
    routes.push(...(isFurther ? furtherRoutes(one, table, given) : firstRoutes(one, given)));
    if (isFurther) rules.push({ from: `${one.address}/${one.bits}` }, ...targets(one, given).map(({ dst }) => ({ to: dst })));
  }
  return { families: all, routes, rules, ...(rules.length > 0 && { table }), ...(delegated?.dns && { dns: delegated.dns }) };
}

function firstRoutes(pod: PodFamily, given?: readonly CniRoute[]): CniRoute[] {
  return [routerRoute(pod), ...(given ?? [defaultRoute(pod)])];
}

function furtherRoutes(pod: PodFamily, table: number, given?: readonly CniRoute[]): CniRoute[] {
  return [routerRoute(pod), defaultRoute(pod), ...targets(pod, given)].map((route) => ({ ...route, table }));
}

function routerRoute({ router, bits }: PodFamily): CniRoute {
  // Scopes are an IPv4 notion; the kernel reports none for IPv6.
  return { dst: `${router}/${bits}`, ...(bits === 32 && { scope: SCOPE_LINK }) };
}

function defaultRoute({ router, everything }: PodFamily): CniRoute {
  return { dst: everything, gw: router };
}

/** What an IPAM plugin routes, its default route excepted. */
function targets({ everything }: PodFamily, given: readonly CniRoute[] = []): CniRoute[] {
  return given.filter(({ dst }) => dst !== everything);
}

/** Without a default route among them, the address's own subnet leads to the node as well: neighbours in it are behind it. */
function givenRoutes(pod: PodFamily, { ips, routes }: Delegated): CniRoute[] | undefined {
  const mine = routes
    .filter(({ dst }) => family(dst) === familyOf(pod))
    .map(({ dst, mtu, advmss, priority }) => ({
      dst,
      gw: pod.router,
      ...(mtu && { mtu }),
      ...(advmss && { advmss }),
      ...(priority && { priority }),
    }));
  if (mine.length === 0) return undefined;
  const subnet = ips
    .map(({ address }) => address)
    .find((address) => family(address) === familyOf(pod) && !address.endsWith(`/${pod.bits}`));
  if (subnet === undefined || mine.some(({ dst }) => dst === pod.everything)) return mine;
  return [{ dst: networkOf(subnet), gw: pod.router }, ...mine];
}

function familyOf({ bits }: PodFamily): 4 | 6 {
  return bits === 32 ? 4 : 6;
}

/** Runs the IPAM plugin's ADD and reads its answer. Errors: CniError `delegate-failed` for an answer without an address. */
export async function askDelegate(type: string, call: PluginCall, { delegates }: Pick<Tools, 'delegates'>): Promise<Delegated> {
  const answer = await delegates.run(type, 'ADD', call);
  const result = readResult(type, answer, call);
  if (result.ips.length === 0) throw new CniError('delegate-failed', `read the result of IPAM plugin ${type}: it has no address`);
  return result;
}

function readResult(type: string, answer: unknown, { conf }: PluginCall): CniResult {
  try {
    return decodeResult(answer, conf.version);
  } catch (cause) {
    throw new CniError('delegate-failed', `read the result of IPAM plugin ${type}`, { cause });
  }
}

/** The plan with the addresses that another plugin gave. Errors: CniError `delegate-failed` for a family that the node has not. */
export function withAddresses(plan: EndpointPlan, { ips }: Pick<Delegated, 'ips'>, pool: keyof typeof EXTERNAL_POOLS): EndpointPlan {
  const addresses: { ipv4?: EndpointAddress; ipv6?: EndpointAddress } = {};
  for (const { address } of ips) {
    const name = family(address) === 4 ? 'ipv4' : 'ipv6';
    if (addresses[name]) throw new CniError('delegate-failed', `use address ${address}: a second one of its family`);
    if (!plan.routers[name] && pool === 'delegated')
      throw new CniError('delegate-failed', `use address ${address}: its family is not enabled on this node`);
    addresses[name] = { address: address.replace(/\/.*/, ''), pool: EXTERNAL_POOLS[pool] };
  }
  return { ...plan, endpoint: { ...plan.endpoint, ...addresses } };
}

import type { EndpointPlan } from '../conf/api/types.ts';
import type { CniRoute } from '../conf/cni/types.ts';
import type { Request } from '../native/netlink/message.ts';
import { addAddress } from '../native/netlink/route/address.ts';
import { setLink } from '../native/netlink/route/link.ts';
import { addRoute } from '../native/netlink/route/route.ts';
import { addRule, deleteRule } from '../native/netlink/route/rule.ts';
import { kernelHasIpv6, type OpenPod } from './open-pod.ts';
import type { PodNetwork } from './types.ts';

/**
 * Gives the pod's side its addresses, routes and rules and sets it up. Nothing is announced and nothing waited for: the addresses are ours to
 * give, so that duplicate detection, which takes a second or more, has nothing to find. `ifindex`: of the pod's side.
 */
export async function configurePod(pod: OpenPod, plan: EndpointPlan, network: PodNetwork, ifindex: number): Promise<void> {
  const { ifname, ipv6, device } = plan.endpoint;
  if (ipv6) await enableIpv6(pod, ifname);
  const { table } = network;
  const strays = table === undefined ? [] : await strayRules(pod, network);
  await pod.netlink.batch([
    // A link-local address would only make noise that the datapath has to drop: without IPv6 on the node, and where no link has neighbours.
    ...((!ipv6 || device === 'netkit') && kernelHasIpv6() ? [setLink(ifindex, { addrGenMode: 'none' })] : []),
    setLink(ifindex, { up: true }),
    // Neighbours of a shorter prefix are not on this link either: all goes to the router.
    ...network.families.map(({ cidr, bits }) =>
      addAddress({ ifindex, address: cidr, noDad: bits === 128, noPrefixRoute: !cidr.endsWith(`/${bits}`) }),
    ),
    ...network.routes.map((route) => routeRequest(route, ifindex)),
    ...strays,
    ...(table === undefined ? [] : network.rules.map((rule) => addRule({ ...rule, table }))),
  ]);
}

/** A rule for one of the addresses is from an earlier interface, whose DEL could not enter the namespace; it would come first. */
async function strayRules({ netlink }: OpenPod, { families }: PodNetwork): Promise<Request[]> {
  const addresses = families.flatMap(({ address, bits }) => [address, `${address}/${bits}`]);
  return (await netlink.rules.list()).filter(({ from }) => from !== undefined && addresses.includes(from)).map((rule) => deleteRule(rule));
}

/** A runtime may have switched IPv6 off in new namespaces; and routers other than ours must not be listened to. */
async function enableIpv6(pod: OpenPod, ifname: string): Promise<void> {
  await pod.setIpv6('all', 'disable_ipv6', '0');
  await pod.setIpv6(ifname, 'accept_ra', '0');
}

/** The router is on the link though no prefix of the pod's says so: its own route comes first, the others lean on it. */
function routeRequest({ dst, gw, mtu, advmss, priority, table }: CniRoute, ifindex: number): Request {
  return addRoute({
    ifindex,
    destination: dst,
    ...(gw === undefined ? { scope: dst.includes(':') ? 'global' : 'link' } : { gateway: gw }),
    ...(mtu !== undefined && { mtu }),
    ...(advmss !== undefined && { advmss }),
    ...(priority !== undefined && { metric: priority }),
    ...(table !== undefined && { table }),
  });
}

import type { EndpointPlan } from '../conf/api/types.ts';
import { hasErrno } from '../native/errors.ts';
import type { Request } from '../native/netlink/message.ts';
import { addAddress } from '../native/netlink/route/address.ts';
import { setLink } from '../native/netlink/route/link.ts';
import { addRoute } from '../native/netlink/route/route.ts';
import { addRule, deleteRule } from '../native/netlink/route/rule.ts';
import { setSysctl } from '../native/sysctl.ts';
import { families, type PodFamily } from './families.ts';
import { kernelHasIpv6, type OpenPod } from './kernel-host.ts';

/**
 * Gives the pod's side its addresses and routes and sets it up. Nothing is announced and nothing waited for: the addresses are ours to
 * give, so that duplicate detection, which takes a second or more, has nothing to find.
 */
export async function configurePod(pod: OpenPod, plan: EndpointPlan): Promise<void> {
  const { ifname, ipv6 } = plan.endpoint;
  const [{ ifindex }] = await Promise.all([pod.netlink.links.get(ifname), ipv6 ? enableIpv6(pod, ifname) : undefined]);
  const whole = pod.netlink.batch([
    // Without IPv6 on the node a link-local address would only make noise that the datapath has to drop.
    ...(!ipv6 && kernelHasIpv6() ? [setLink(ifindex, { addrGenMode: 'none' })] : []),
    setLink(ifindex, { up: true }),
    ...families(plan).flatMap((family) => requests(family, ifindex)),
  ]);
  await whole.catch(async (error: unknown) => {
    if (!hasErrno(error, 'EEXIST')) throw error;
    await configureBeside(pod, plan, ifindex);
  });
}

/** Tables of later interfaces are numbered from here, by the interface's index; the kernel's own and most people's are below 256. */
const FIRST_TABLE = 10_000;

/**
 * Another interface of the pod holds the routes of the main table already: this one leads to the same routers, or the pod was on another network
 * before. What was addressed to this interface must be answered through it, for the node drops packets with another interface's
 * address: so its routes go into a table of its own, which is looked up for packets from its addresses. The address and all else is done,
 * because the kernel tries every request of a batch. A rule for the same address is from an earlier interface, which is gone.
 */
async function configureBeside({ netlink }: OpenPod, plan: EndpointPlan, ifindex: number): Promise<void> {
  const table = FIRST_TABLE + ifindex;
  const old = await netlink.rules.list();
  await netlink.batch(
    families(plan).flatMap(({ address, router, bits, everything }) => [
      ...old.filter(({ from }) => from === `${address}/${bits}` || from === address).map((rule) => deleteRule(rule)),
      addRoute({ ifindex, table, destination: `${router}/${bits}`, scope: bits === 32 ? 'link' : 'global' }),
      addRoute({ ifindex, table, destination: everything, gateway: router }),
      addRule({ from: `${address}/${bits}`, table }),
    ]),
  );
}

/** A runtime may have switched IPv6 off in new namespaces; and routers other than ours must not be listened to. */
async function enableIpv6(pod: OpenPod, ifname: string): Promise<void> {
  await setSysctl(pod.netns, 'net.ipv6.conf.all.disable_ipv6', '0');
  // In a sysctl's name a dot that belongs to the device is written as a slash.
  await setSysctl(pod.netns, `net.ipv6.conf.${ifname.replaceAll('.', '/')}.accept_ra`, '0');
}

/** The router is on the link though no prefix of the pod's says so: its own route comes first, the default route leans on it. */
function requests({ address, router, bits, everything }: PodFamily, ifindex: number): Request[] {
  return [
    addAddress({ ifindex, address: `${address}/${bits}`, noDad: bits === 128 }),
    addRoute({ ifindex, destination: `${router}/${bits}`, scope: bits === 32 ? 'link' : 'global' }),
    addRoute({ ifindex, destination: everything, gateway: router }),
  ];
}

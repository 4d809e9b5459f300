import type { Endpoint } from '../conf/api/types.ts';
import { CniError } from '../conf/cni/errors.ts';
import { ALIAS_PREFIX, deviceAlias, isPodLinkKind } from '../conf/names.ts';
import { step } from '../conf/step.ts';
import { hasErrno } from '../native/errors.ts';
import type { LinkChange, LinkSpec } from '../native/netlink/route/link.ts';
import type { Link } from '../native/netlink/route/link-info.ts';
import type { Rtnetlink } from '../native/netlink/rtnetlink.ts';
import { kernelHasIpv6, type OpenPod } from './open-pod.ts';
import type { FoundPair, Pair } from './types.ts';

/**
 * Makes the pair of an endpoint, its peer born in the pod's namespace; the host side is up then, the peer down. A pair of ours that is there
 * already belongs to nobody, or the daemon had refused the ADD: it is replaced.
 */
export async function createPair(host: Rtnetlink, pod: OpenPod, endpoint: Endpoint): Promise<Pair> {
  try {
    return await create(host, pod, endpoint);
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error;
    if (await deletePair(host, endpoint.hostIfname)) return await create(host, pod, endpoint);
    if (!(await pod.netlink.links.find(endpoint.ifname))) throw error;
    const message = `create ${endpoint.ifname} in ${pod.path}: the container has an interface of that name already`;
    throw new CniError('interface-exists', message, { cause: error });
  }
}

async function create(host: Rtnetlink, pod: OpenPod, endpoint: Endpoint): Promise<Pair> {
  const settings: LinkChange[] = [
    { alias: deviceAlias(endpoint) },
    // The host side never speaks for itself: without a link-local address it sends no router solicitations and no multicast reports.
    ...(kernelHasIpv6() ? [{ addrGenMode: 'none' } as const] : []),
    { up: true },
  ];
  try {
    const { ifindex, linkIfindex } = await step('add.pair', () => host.links.createAndGet(pairOf(endpoint, pod), settings));
    // Kernels that leave IFLA_LINK out do so where both sides have the same index (nla_put_iflink, net/core/rtnetlink.c).
    return { hostIfindex: ifindex, ifindex: linkIfindex ?? ifindex };
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) await removeNewborn(host, endpoint.hostIfname, endpoint.hostMac);
    throw error;
  }
}

/**
 * A netkit lets nothing pass in either direction until its programs are there (plugin/attach/netkit.ts), and from a pod never without one.
 * Layer 3 takes no MAC (EOPNOTSUPP). What crosses the pair loses mark and priority, as it does on a veth: the kernel's default (scrub).
 */
function pairOf({ hostIfname: name, ifname, hostMac, mac, mtu, device }: Endpoint, { netns }: OpenPod): LinkSpec {
  if (device === 'netkit') return { ...blackhole, name, mode: 'l3', mtu, peer: { name: ifname, netns, mtu } };
  const pair = { name, mac: hostMac, mtu, peer: { name: ifname, netns, mac, mtu } };
  return device === 'netkit-l2' ? { ...blackhole, ...pair, mode: 'l2' } : { kind: 'veth', ...pair };
}

const blackhole = { kind: 'netkit', policy: 'blackhole', peerPolicy: 'blackhole' } as const;

/** The pair may not bear our alias yet: its MAC, which the daemon drew for it, tells that it is ours. */
async function removeNewborn(host: Rtnetlink, name: string, mac: string): Promise<void> {
  const link = await host.links.find(name);
  if (link?.mac === mac) await deleteLink(host, link);
}

/**
 * Deletes the host side of a pair by name, and with it the pod's side; where there is none of that name, and `alias` is given, by the alias: others may
 * have renamed it. A device that is not ours stays. False when there is none of ours.
 */
export async function deletePair(host: Rtnetlink, name: string, alias?: string): Promise<boolean> {
  const named = await host.links.find(name);
  const link = named ?? (alias === undefined ? undefined : (await host.links.list()).find((one) => one.alias === alias));
  if (!link || !isOurs(link)) return false;
  await deleteLink(host, link);
  return true;
}

function isOurs(link: Link): boolean {
  return isPodLinkKind(link.kind) && link.alias?.startsWith(ALIAS_PREFIX) === true;
}

/** The other side's namespace may die meanwhile, and take the pair with it. */
async function deleteLink(host: Rtnetlink, link: Link): Promise<void> {
  try {
    await host.links.delete(link.ifindex);
  } catch (error) {
    if (!hasErrno(error, 'ENODEV')) throw error;
  }
}

/**
 * See `Host.findPair`. Indexes of two namespaces may be equal: only a pair whose sides name each other is one. A netkit is not adopted: its
 * maker's program runs inside the pod and may send packets off before ours would see them (docs/decisions/0074-no-chaining-behind-netkit-pairs.md).
 */
export async function findPair(host: Rtnetlink, pod: OpenPod, ifname: string): Promise<FoundPair> {
  const inside = await pod.netlink.links.find(ifname);
  if (!inside) throw new CniError('invalid-config', `adopt ${ifname} in ${pod.path}: the container has no such interface`);
  const outside = inside.linkIfindex === undefined ? undefined : await host.links.find(inside.linkIfindex);
  const isPair = inside.kind === 'veth' && outside?.kind === 'veth' && outside.linkIfindex === inside.ifindex;
  if (!isPair || outside.mac === undefined || inside.mac === undefined) {
    const lack = inside.kind === 'veth' ? 'its other side is not on the node' : `it is of kind ${inside.kind ?? 'hardware'}`;
    throw new CniError(
      'invalid-config',
      `adopt ${ifname} in ${pod.path}: ${lack}, and only a veth pair with the node can be adopted; ` +
        'let the plugin before axoneme-cni make one, or put axoneme-cni first',
    );
  }
  const { ifindex: hostIfindex, name: hostIfname, mac: hostMac } = outside;
  return { hostIfindex, hostIfname, hostMac, mac: inside.mac, mtu: inside.mtu ?? 1500 };
}

import { writeFileSync } from 'node:fs';
import type { EndpointPlan } from '../../conf/api/types.ts';
import { HOST_IFNAME, NET_IFNAME } from '../../conf/names.ts';
import { step } from '../../conf/step.ts';
import type { Link, Rtnetlink } from '../../native/index.ts';
import { randomMac } from '../endpoint/identity.ts';
import { hasErrno } from '../failure.ts';

/** The node's own leg. */
export interface HostDevice {
  readonly host: Link & { readonly mac: string };
  readonly net: Link;
}

/**
 * Makes the pair `axo_host`/`axo_net`, or keeps the one that is there: both ends up and without ARP (the programs write all MACs) and
 * without IPv6 link-local addresses (no discovery traffic of their own). `axo_host` forwards, so that route lookups on its behalf answer
 * for the pods; nothing else of the node's settings changes.
 */
export async function ensureHostDevice(rtnl: Rtnetlink, mtu: number): Promise<HostDevice> {
  const device = (await findPair(rtnl)) ?? (await step('start.leg', () => createPair(rtnl, mtu)));
  for (const link of [device.host, device.net]) {
    await rtnl.links.set(link.ifindex, { addrGenMode: 'none' }).catch(ignoreNoIpv6);
    await step('start.leg.up', () => rtnl.links.set(link.ifindex, { mtu, noArp: true, up: true }));
  }
  step('start.leg.sysctls', setHostSysctls);
  return device;
}

async function findPair(rtnl: Rtnetlink): Promise<HostDevice | undefined> {
  const host = await rtnl.links.find(HOST_IFNAME);
  const net = await rtnl.links.find(NET_IFNAME);
  if (isEndOf(host, net) && isEndOf(net, host) && hasMac(host)) return { host, net };
  for (const link of [host, net]) if (link !== undefined) await rtnl.links.delete(link.ifindex).catch(ignoreGone);
  return undefined;
}

function isEndOf(link: Link | undefined, other: Link | undefined): link is Link {
  return link?.kind === 'veth' && link.linkIfindex === other?.ifindex && link.linkNetnsId === undefined;
}

function hasMac(link: Link): link is Link & { readonly mac: string } {
  return link.mac !== undefined;
}

async function createPair(rtnl: Rtnetlink, mtu: number): Promise<HostDevice> {
  // MACs given at birth count as set by the user, so that udev's MACAddressPolicy leaves them alone.
  await rtnl.links.create({
    kind: 'veth',
    name: HOST_IFNAME,
    mac: randomMac(),
    mtu,
    noArp: true,
    peer: { name: NET_IFNAME, mac: randomMac(), mtu, noArp: true },
  });
  const host = await rtnl.links.get(HOST_IFNAME);
  if (!hasMac(host)) throw new Error(`create ${HOST_IFNAME}: it has no mac`);
  return { host, net: await rtnl.links.get(NET_IFNAME) };
}

function setHostSysctls(): void {
  setOwnSysctl(`ipv4/conf/${HOST_IFNAME}/forwarding`, '1');
  // What the stack sends back out of axo_host goes to another pod; a redirect would name a next hop that no pod can use.
  setOwnSysctl(`ipv4/conf/${HOST_IFNAME}/send_redirects`, '0');
  try {
    setOwnSysctl(`ipv6/conf/${HOST_IFNAME}/forwarding`, '1');
  } catch (error) {
    ignoreNoIpv6(error);
  }
}

/** /proc/sys/net is that of the namespace of whoever opens it: entering our own would ask for CAP_SYS_ADMIN, and writing asks for root only. */
function setOwnSysctl(name: string, value: string): void {
  writeFileSync(`/proc/sys/net/${name}`, value);
}

/** A kernel without IPv6 has neither the setting nor the attribute; then no pod gets IPv6 either. */
function ignoreNoIpv6(error: unknown): void {
  if (!hasErrno(error, 'ENOENT', 'EAFNOSUPPORT', 'EOPNOTSUPP')) throw error;
}

function ignoreGone(error: unknown): void {
  if (!hasErrno(error, 'ENODEV')) throw error;
}

/** The global addresses that `axo_host` bears now, for a daemon that lost its own notes. */
export async function routersOnDevice(rtnl: Rtnetlink): Promise<EndpointPlan['routers']> {
  const host = await rtnl.links.find(HOST_IFNAME);
  if (host === undefined) return {};
  const routers: { ipv4?: string; ipv6?: string } = {};
  for (const { address, family, scope } of await rtnl.addresses.list({ ifindex: host.ifindex })) {
    if (scope === 'global') routers[family === 4 ? 'ipv4' : 'ipv6'] ??= bare(address);
  }
  return routers;
}

/** Gives `axo_host` the router addresses, usable at once, and takes away any other. */
export async function syncRouters(rtnl: Rtnetlink, ifindex: number, routers: EndpointPlan['routers']): Promise<void> {
  const wanted = [routers.ipv4, routers.ipv6].filter((address) => address !== undefined);
  const present = await rtnl.addresses.list({ ifindex });
  for (const { address } of present) {
    if (!wanted.includes(bare(address))) await rtnl.addresses.delete({ ifindex, address });
  }
  for (const address of wanted) {
    if (!present.some((other) => bare(other.address) === address)) await rtnl.addresses.add({ ifindex, address, noDad: true });
  }
}

/** Routes the node's blocks to `axo_host`, and takes away routes of blocks that the node gave back. */
export async function syncRoutes(
  rtnl: Rtnetlink,
  ifindex: number,
  blocks: readonly string[],
  routers: EndpointPlan['routers'],
): Promise<void> {
  for (const destination of blocks) {
    const source = destination.includes(':') ? routers.ipv6 : routers.ipv4;
    await rtnl.routes.replace({ destination, ifindex, protocol: 'static', ...(source === undefined ? {} : { source }) });
  }
  const present = await rtnl.routes.list({ ifindex });
  for (const { destination, protocol } of present) {
    if (protocol === 'static' && !blocks.includes(destination)) await rtnl.routes.delete({ destination, ifindex });
  }
}

/** Router addresses that `axo_host` lacks. */
export async function routerProblems(rtnl: Rtnetlink, ifindex: number, routers: EndpointPlan['routers']): Promise<string[]> {
  const present = (await rtnl.addresses.list({ ifindex })).map(({ address }) => bare(address));
  const wanted = [routers.ipv4, routers.ipv6].filter((address) => address !== undefined);
  return wanted.filter((address) => !present.includes(address)).map((address) => `router address ${address} on ${HOST_IFNAME} is gone`);
}

/** Blocks of the node that no route leads to `axo_host`. */
export async function routeProblems(rtnl: Rtnetlink, ifindex: number, blocks: readonly string[]): Promise<string[]> {
  const present = (await rtnl.routes.list({ ifindex })).map(({ destination }) => destination);
  return blocks.filter((block) => !present.includes(block)).map((block) => `route ${block} to ${HOST_IFNAME} is gone`);
}

/** An address without its prefix length. */
export function bare(address: string): string {
  return address.replace(/\/.*/, '');
}

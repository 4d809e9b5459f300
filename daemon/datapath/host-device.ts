import type { EndpointPlan } from '../../conf/api/types.ts';
import { HOST_IFNAME, NET_IFNAME } from '../../conf/names.ts';
import { step } from '../../conf/step.ts';
import { type Address, type Link, type LinkChange, type Rtnetlink, setLink } from '../../native/index.ts';
import { randomMac } from '../endpoint/identity.ts';
import { hasErrno } from '../failure.ts';
import { hostSysctls, setSysctls } from './host-sysctls.ts';
import { ignoreGone, renameLink } from './link-changes.ts';

/** The node's own leg. */
export interface HostDevice {
  readonly host: Link & { readonly mac: string };
  readonly net: Link;
}

/** How the pair has to be. */
export interface HostDeviceSpec {
  /** Bytes of the IP packet. */
  readonly mtu: number;
  readonly hasIpv6: boolean;
}

/**
 * Makes the pair `axo_host`/`axo_net`, or keeps the one that is there: both ends up and without ARP (the programs write all MACs) and
 * without IPv6 link-local addresses (no discovery traffic of their own). `former` is the pair that the loaded programs know: they have its
 * indexes and MAC as constants, so that a new pair is born with the same.
 */
export async function ensureHostDevice(rtnl: Rtnetlink, { mtu, hasIpv6 }: HostDeviceSpec, former?: HostDevice): Promise<HostDevice> {
  if (former !== undefined) for (const link of [former.host, former.net]) await renameBack(rtnl, link);
  const found = await findPair(rtnl, former);
  const device = found ?? (await step('start.leg', () => createPair(rtnl, mtu, former)));
  for (const link of [device.host, device.net]) {
    const { mac = '' } = former === undefined ? link : link.name === HOST_IFNAME ? former.host : former.net;
    await rtnl.links.set(link.ifindex, { addrGenMode: 'none' }).catch(ignoreNoIpv6);
    await step('start.leg.up', () => rtnl.batch([setLink(link.ifindex, { ...settings(mtu), ...(mac !== link.mac && { mac }) })]));
  }
  await step('start.leg.sysctls', () => setSysctls(hostSysctls(hasIpv6)));
  return device;
}

/** What differs from the pair that the loaded programs know, one sentence each. */
export async function hostDeviceProblems(rtnl: Rtnetlink, { mtu }: HostDeviceSpec, former: HostDevice): Promise<string[]> {
  const problems: string[] = [];
  for (const wanted of [former.host, former.net]) {
    const link = await rtnl.links.find(wanted.ifindex);
    if (link === undefined || !isSamePair(link, wanted)) return [`device ${wanted.name} is gone`];
    if (link.name !== wanted.name) problems.push(`device ${wanted.name} is called ${link.name}`);
    if (link.mac !== wanted.mac) problems.push(`device ${wanted.name} has MAC ${link.mac}, not ${wanted.mac}`);
    if (link.mtu !== mtu) problems.push(`device ${wanted.name} has MTU ${link.mtu}, not ${mtu}`);
    if (!link.up) problems.push(`device ${wanted.name} is down`);
    if (!link.noArp) problems.push(`device ${wanted.name} does ARP`);
    if ((link.master ?? 0) !== 0) problems.push(`device ${wanted.name} is a port of device ${link.master}`);
    if ((link.addrGenMode ?? 'none') !== 'none') problems.push(`device ${wanted.name} makes IPv6 link-local addresses`);
  }
  return problems;
}

const settings = (mtu: number): LinkChange => ({ mtu, noArp: true, master: 0, up: true });

async function findPair(rtnl: Rtnetlink, former?: HostDevice): Promise<HostDevice | undefined> {
  const host = await rtnl.links.find(HOST_IFNAME);
  const net = await rtnl.links.find(NET_IFNAME);
  const isWhole = isEndOf(host, net) && isEndOf(net, host) && hasMac(host);
  if (isWhole && (former === undefined || (isSamePair(host, former.host) && isSamePair(net, former.net)))) return { host, net };
  for (const link of [host, net]) if (link !== undefined) await rtnl.links.delete(link.ifindex).catch(ignoreGone);
  return undefined;
}

async function renameBack(rtnl: Rtnetlink, former: Link): Promise<void> {
  const { ifindex, name } = former;
  const link = await rtnl.links.find(ifindex);
  if (link === undefined || link.name === name || !isSamePair(link, former)) return;
  await rtnl.batch(renameLink(ifindex, name));
}

/** An index alone may be another device's by now. */
function isSamePair(link: Link, former: Link): boolean {
  return (
    link.kind === 'veth' && link.ifindex === former.ifindex && link.linkIfindex === former.linkIfindex && link.linkNetnsId === undefined
  );
}

function isEndOf(link: Link | undefined, other: Link | undefined): link is Link {
  return link?.kind === 'veth' && link.linkIfindex === other?.ifindex && link.linkNetnsId === undefined;
}

function hasMac(link: Link): link is Link & { readonly mac: string } {
  return link.mac !== undefined;
}

async function createPair(rtnl: Rtnetlink, mtu: number, former?: HostDevice): Promise<HostDevice> {
  const born = (link: (Link & { readonly mac?: string }) | undefined) => ({
    ...(link !== undefined && { ifindex: link.ifindex }),
    // MACs given at birth count as set by the user, so that udev's MACAddressPolicy leaves them alone.
    mac: link?.mac ?? randomMac(),
    mtu,
    noArp: true,
  });
  await rtnl.links.create({ kind: 'veth', name: HOST_IFNAME, ...born(former?.host), peer: { name: NET_IFNAME, ...born(former?.net) } });
  const host = await rtnl.links.get(HOST_IFNAME);
  if (!hasMac(host)) throw new Error(`create ${HOST_IFNAME}: it has no mac`);
  return { host, net: await rtnl.links.get(NET_IFNAME) };
}

/** A kernel without IPv6 has neither the setting nor the attribute; then no pod gets IPv6 either. */
function ignoreNoIpv6(error: unknown): void {
  if (!hasErrno(error, 'ENOENT', 'EAFNOSUPPORT', 'EOPNOTSUPP')) throw error;
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

/** Router addresses that `axo_host` lacks. */
export async function routerProblems(rtnl: Rtnetlink, ifindex: number, routers: EndpointPlan['routers']): Promise<string[]> {
  const present = (await rtnl.addresses.list({ ifindex })).map(({ address }) => bare(address));
  const wanted = [routers.ipv4, routers.ipv6].filter((address) => address !== undefined);
  return wanted.filter((address) => !present.includes(address)).map((address) => `router address ${address} on ${HOST_IFNAME} is gone`);
}

/**
 * The node's own addresses, which pods reach through its stack: all of global scope, on whatever device; not those of the loopback, not
 * link-local ones (a pod has no link with the node but the router), not one that failed duplicate detection.
 */
export function ownAddresses(addresses: readonly Address[]): string[] {
  const own = addresses.filter(({ scope, dadFailed }) => scope === 'global' && !dadFailed).map(({ address }) => bare(address));
  return [...new Set(own)].sort();
}

/** An address without its prefix length. */
export function bare(address: string): string {
  return address.replace(/\/.*/, '');
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Rtnetlink } from '../../native/index.ts';
import { HarnessError } from '../errors.ts';
import { addressAt, type Family, formatPrefix, type Prefix, parsePrefix } from './address.ts';
import type { Machine } from './machine.ts';

export interface LinkOptions {
  /** one prefix per family at most; unless given the lab numbers links by itself from {@link defaultSubnets} */
  readonly subnets?: readonly string[];
  /** bytes; both ends (default 1500) */
  readonly mtu?: number;
  /** interface names of the two ends; `eth0`, `eth1`, ... in the order of a machine's links unless given */
  readonly names?: readonly [string, string];
}

/** One end of a link. */
export interface LinkEnd {
  readonly machine: Machine;
  readonly interface: string;
  readonly ifindex: number;
  /** with prefix length, at most one per family */
  readonly addresses: readonly string[];
}

/** A cable between two machines: a veth pair whose ends are born in their namespaces, so that the real machine's own never sees them. */
export interface Link {
  readonly ends: readonly [LinkEnd, LinkEnd];
  readonly subnets: readonly Prefix[];
  readonly mtu: number;
}

/**
 * The prefixes of a lab's n-th link, n from 0: 198.18.0.0/15 is set aside for tests of network devices (RFC 2544, appendix C.2.2),
 * 2001:db8::/32 for examples (RFC 3849).
 */
export function defaultSubnets(n: number): string[] {
  return [`198.18.${n}.0/24`, `2001:db8:${n.toString(16)}::/64`];
}

/** The next `ethN` that a machine does not use. */
export function nextInterface(machine: Machine, links: readonly Link[]): string {
  const used = new Set(links.flatMap((link) => link.ends.filter((end) => end.machine === machine).map((end) => end.interface)));
  for (let n = 0; ; n += 1) if (!used.has(`eth${n}`)) return `eth${n}`;
}

/** What {@link plugIn} needs, everything decided. */
export interface LinkPlan {
  readonly machines: readonly [Machine, Machine];
  readonly names: readonly [string, string];
  readonly subnets: readonly string[];
  readonly mtu: number;
}

/** Makes the pair, numbers it (first machine .1, second .2) and brings it up. */
export async function plugIn(plan: LinkPlan): Promise<Link> {
  const [left, right] = plan.machines;
  const subnets = plan.subnets.map(parsePrefix);
  using near = await left.netlink();
  using far = await right.netlink();
  using farNetns = right.netns();
  const peer = { name: plan.names[1], mtu: plan.mtu, netns: farNetns };
  await near.links.create({ kind: 'veth', name: plan.names[0], mtu: plan.mtu, peer });
  const ends = [await configure(near, left, plan.names[0], subnets, 1), await configure(far, right, plan.names[1], subnets, 2)] as const;
  return { ends, subnets, mtu: plan.mtu };
}

/**
 * Waits until both ends of a link pass traffic. The kernel tells that a cable is in from a work queue, which a busy machine delays by up to a second
 * (linkwatch, net/core/link_watch.c); until then the end that came up first drops what it sends, and asks for no IPv6 neighbour.
 * Throws TIMEOUT after `timeout` ms.
 */
export async function settle(link: Link, timeout = 5000): Promise<void> {
  const deadline = performance.now() + timeout;
  for (const end of link.ends) {
    using netlink = await end.machine.netlink();
    while (!(await isReady(netlink, end.ifindex))) {
      if (performance.now() > deadline)
        throw new HarnessError('TIMEOUT', `wait for ${end.interface} of ${end.machine.name}: not up after ${timeout} ms`);
      await sleep(2);
    }
  }
}

async function isReady(netlink: Rtnetlink, ifindex: number): Promise<boolean> {
  const { operState } = await netlink.links.get(ifindex);
  const addresses = await netlink.addresses.list({ ifindex, family: 6 });
  const hasLinkLocal = addresses.length === 0 || addresses.some((row) => row.scope === 'link');
  return operState === 'up' && hasLinkLocal && !addresses.some((row) => row.tentative);
}

async function configure(netlink: Rtnetlink, machine: Machine, name: string, subnets: readonly Prefix[], n: number): Promise<LinkEnd> {
  // no duplicate address detection: the lab alone numbers this link, and until it ends (1 to 2 s) a router cannot ask for neighbours
  await machine.setSysctls({ [`net.ipv6.conf.${name.replaceAll('.', '/')}.accept_dad`]: '0' });
  const { ifindex } = await netlink.links.get(name);
  await netlink.links.set(ifindex, { up: true });
  const addresses = subnets.map((subnet) => `${addressAt(subnet, n)}/${subnet.length}`);
  for (const address of addresses) await netlink.addresses.add({ ifindex, address, noDad: true });
  return { machine, interface: name, ifindex, addresses };
}

/** The address, of a family, on the other side of a link. */
export function peerAddress(link: Link, machine: Machine, family: Family): string | undefined {
  const other = link.ends[0].machine === machine ? link.ends[1] : link.ends[0];
  const subnet = link.subnets.find((candidate) => candidate.family === family);
  const found = subnet && other.addresses.find((address) => formatPrefix(parsePrefix(address)) === formatPrefix(subnet));
  return found?.split('/')[0];
}

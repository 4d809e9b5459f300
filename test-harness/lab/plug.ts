import { setTimeout as sleep } from 'node:timers/promises';
import type { Rtnetlink } from '../../native/index.ts';
import { HarnessError } from '../errors.ts';
import { addressAt, type Prefix, parsePrefix } from './address.ts';
import { type CableEnds, layRelay, layVeth } from './cable.ts';
import { hasNetem } from './emulator.ts';
import { hasDelay, Link, type LinkOptions } from './link.ts';
import type { LinkEnd, Wiring } from './link-types.ts';
import type { Machine } from './machine.ts';
import { checkShape, type LinkShape } from './shape.ts';

/** The next `ethN` that a machine does not use. */
export function nextInterface(machine: Machine, links: readonly Wiring[]): string {
  const used = new Set(links.flatMap((link) => link.ends.filter((end) => end.machine === machine).map((end) => end.interface)));
  for (let n = 0; ; n += 1) if (!used.has(`eth${n}`)) return `eth${n}`;
}

/** What {@link plugIn} needs, everything decided. */
export interface LinkPlan extends CableEnds {
  readonly subnets: readonly string[];
  readonly shape: LinkShape;
  readonly relay: LinkOptions['relay'];
}

/** Lays the cable, numbers it (first machine .1, second .2), shapes it and brings it up. */
export async function plugIn(plan: LinkPlan): Promise<Link> {
  checkShape(plan.shape);
  const subnets = plan.subnets.map(parsePrefix);
  const asRelay = plan.relay ?? (hasDelay(plan.shape) && !(await hasNetem()));
  const cable = await (asRelay ? layRelay(plan) : layVeth(plan));
  try {
    const ends = [await configure(plan, 0, subnets), await configure(plan, 1, subnets)] as const;
    cable.setCarrier?.(true);
    const link = new Link({ ends, subnets, mtu: plan.mtu }, cable);
    if (Object.keys(plan.shape).length > 0) await link.set(plan.shape);
    return link;
  } catch (error) {
    cable.close();
    throw error;
  }
}

async function configure(plan: LinkPlan, side: 0 | 1, subnets: readonly Prefix[]): Promise<LinkEnd> {
  const [machine, name] = [plan.machines[side], plan.names[side]];
  // no duplicate address detection: the lab alone numbers this link, and until it ends (1 to 2 s) a router cannot ask for neighbours
  await machine.setSysctls({ [`net.ipv6.conf.${name.replaceAll('.', '/')}.accept_dad`]: '0' });
  using netlink = await machine.netlink();
  const { ifindex } = await netlink.links.get(name);
  await netlink.links.set(ifindex, { up: true });
  const addresses = subnets.map((subnet) => `${addressAt(subnet, side + 1)}/${subnet.length}`);
  for (const address of addresses) await netlink.addresses.add({ ifindex, address, noDad: true });
  return { machine, interface: name, ifindex, addresses };
}

/**
 * Waits until both ends of a link pass traffic. The kernel tells that a cable is in from a work queue, which a busy machine delays by up to a second
 * (linkwatch, net/core/link_watch.c); until then the end that came up first drops what it sends, and asks for no IPv6 neighbour.
 * Throws TIMEOUT after `timeout` ms.
 */
export async function settle(link: Wiring, timeout = 5000): Promise<void> {
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

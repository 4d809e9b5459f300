import { type Family, formatPrefix, type Prefix, parsePrefix } from './address.ts';
import type { LinkEnd, Wiring } from './link-types.ts';
import type { Machine } from './machine.ts';

/** The first hop from a machine towards another. */
export interface Hop {
  readonly link: Wiring;
  readonly ifindex: number;
}

/** One static route that the lab sets. */
export interface StaticRoute {
  readonly machine: Machine;
  readonly destination: string;
  readonly family: Family;
  readonly gateway: string;
  readonly ifindex: number;
}

/**
 * The first hop of every machine towards the nearest of `targets`, by breadth-first search over the links from the targets outwards. Only routers
 * pass traffic on, so the search does not go on behind a host or node (except a target itself).
 */
export function hopsTowards(targets: readonly Machine[], links: readonly Wiring[]): Map<Machine, Hop> {
  const hops = new Map<Machine, Hop>();
  const queue = [...targets];
  for (let here = queue.shift(); here !== undefined; here = queue.shift()) {
    if (here.role !== 'router' && !targets.includes(here)) continue;
    for (const link of links) {
      const end = across(link, here);
      if (end === undefined || targets.includes(end.machine) || hops.has(end.machine)) continue;
      hops.set(end.machine, { link, ifindex: end.ifindex });
      queue.push(end.machine);
    }
  }
  return hops;
}

/** The other end of a link that a machine is on. */
export function across(link: Wiring, here: Machine): LinkEnd | undefined {
  const [left, right] = link.ends;
  if (left.machine === here) return right;
  return right.machine === here ? left : undefined;
}

/** Routes of all other machines to a prefix that lies on or behind any of `targets`. Machines without an address of that family get none. */
export function routesTowards(targets: readonly Machine[], prefix: Prefix, links: readonly Wiring[]): StaticRoute[] {
  const routes: StaticRoute[] = [];
  for (const [machine, { link, ifindex }] of hopsTowards(targets, links)) {
    const gateway = peerAddress(link, machine, prefix.family);
    if (gateway === undefined) continue;
    routes.push({ machine, destination: formatPrefix(prefix), family: prefix.family, gateway, ifindex });
  }
  return routes;
}

/** A default route per family for a host or node that has exactly one cable. */
export function defaultRoutes(machine: Machine, links: readonly Wiring[]): StaticRoute[] {
  const own = links.filter((link) => across(link, machine) !== undefined);
  const [link] = own;
  if (machine.role === 'router' || own.length !== 1 || link === undefined) return [];
  const ifindex = link.ends.find((end) => end.machine === machine)?.ifindex ?? 0;
  return ([4, 6] as const).flatMap((family) => {
    const gateway = peerAddress(link, machine, family);
    return gateway === undefined ? [] : [{ machine, destination: 'default', family, gateway, ifindex }];
  });
}

/** Sets the routes, each in its machine's main table; one that is there already is replaced. */
export async function setRoutes(routes: readonly StaticRoute[]): Promise<void> {
  const machines = new Set(routes.map((route) => route.machine));
  await Promise.all(
    [...machines].map(async (machine) => {
      using netlink = await machine.netlink();
      for (const { machine: owner, ...route } of routes) if (owner === machine) await netlink.routes.replace(route);
    }),
  );
}

/** The address, of a family, on the other side of a link. */
export function peerAddress(link: Wiring, machine: Machine, family: Family): string | undefined {
  const other = link.ends[0].machine === machine ? link.ends[1] : link.ends[0];
  const subnet = link.subnets.find((candidate) => candidate.family === family);
  const found = subnet && other.addresses.find((address) => formatPrefix(parsePrefix(address)) === formatPrefix(subnet));
  return found?.split('/')[0];
}

import type { Link, Qdisc, Route, Rtnetlink } from '../../native/index.ts';
import { describe, type Section } from './describe.ts';

/** The namespace's own words for interface numbers, which never come back. */
export type NameOf = (ifindex: number | undefined) => string;

/** IFF_PROMISC is not among them: a running capture would set it. */
export function links(devices: readonly Link[], nameOf: NameOf): Section {
  return new Map(
    devices.map((link) => {
      const { name, kind, mtu, up, mac, noArp, alias } = link;
      const master = nameOf(link.master);
      const group = link.group === 0 ? undefined : link.group;
      return [name, describe({ kind, mtu, up, down: !up, master, mac, group, noArp, alias, altnames: link.altnames.join(' ') })];
    }),
  );
}

/** IFAPROT_KERNEL_LL (linux/if_addr.h). */
const KERNEL_LINK_LOCAL = 3;

/** Addresses, but for the link-local ones that the kernel makes by itself a little after a link is up. */
export async function addresses(netlink: Rtnetlink, nameOf: NameOf): Promise<Section> {
  const rows = (await netlink.addresses.list()).filter((row) => row.protocol !== KERNEL_LINK_LOCAL);
  return new Map(rows.map(({ ifindex, address, scope, peer }) => [`${address} on ${nameOf(ifindex)}`, describe({ scope, peer })]));
}

/** Routes of all tables, but for those that the kernel makes for link-local addresses and multicast. */
export async function routes(netlink: Rtnetlink, nameOf: NameOf): Promise<Section> {
  const rows = (await netlink.routes.list()).filter((route) => !isOfLinkLocal(route));
  return new Map(
    rows.map((route) => {
      const { destination, ifindex, table, metric, gateway, source, scope, protocol, mtu, type, onlink } = route;
      const key = `${type} ${destination} on ${nameOf(ifindex)} table ${table} metric ${metric ?? 0}`;
      const hops = route.nexthops?.map((hop) => `${hop.gateway ?? ''} ${nameOf(hop.ifindex)} weight ${hop.weight}`).join(' + ');
      return [key, describe({ gateway, source, scope, protocol, mtu, onlink, hops })];
    }),
  );
}

function isOfLinkLocal({ family, protocol, destination }: Route): boolean {
  return family === 6 && protocol === 'kernel' && /^(fe80:|ff00::\/8$)/.test(destination);
}

export async function rules(netlink: Rtnetlink): Promise<Section> {
  const rows = await netlink.rules.list();
  return new Map(rows.map((rule) => [`IPv${rule.family} ${rule.priority} ${JSON.stringify(rule)}`, '']));
}

/** Learned neighbours come and go by themselves; only those that somebody set count. */
export async function neighbours(netlink: Rtnetlink, nameOf: NameOf): Promise<Section> {
  const proxies = await netlink.neighbours.list({ proxy: true });
  const rows = [...(await netlink.neighbours.list()).filter((row) => row.permanent), ...proxies];
  return new Map(
    rows.map(({ ifindex, address, mac, flags }) => [`${address} on ${nameOf(ifindex)}`, describe({ mac, flags: flags.join(',') })]),
  );
}

/** Queueing disciplines that somebody set; the kernel's own defaults have handle 0. */
export function qdiscs(rows: readonly Qdisc[], nameOf: NameOf): Section {
  return new Map(
    rows
      .filter((qdisc) => qdisc.handle !== '0:')
      .map(({ kind, handle, parent, ifindex, tbf }) => {
        const bits = tbf && { rate: `${tbf.rate * 8n} bit/s`, burst: `${tbf.burst} B`, limit: `${tbf.limit} B` };
        return [`${kind} ${handle} at ${parent} of ${nameOf(ifindex)}`, describe(bits ?? {})];
      }),
  );
}

/** Filters on every queueing discipline that can carry them. */
export async function filters(netlink: Rtnetlink, qdiscRows: readonly Qdisc[], nameOf: NameOf): Promise<Section> {
  const found = new Map<string, string>();
  for (const { ifindex, kind, handle } of qdiscRows) {
    if (handle === '0:') continue;
    for (const parent of hooks[kind] ?? [handle]) {
      for (const filter of await netlink.trafficControl.filters(ifindex, parent)) {
        const key = `${filter.kind} priority ${filter.priority} handle ${filter.handle.toString(16)} at ${parent} of ${nameOf(ifindex)}`;
        const actions = filter.actions.map((action) => describe({ [action.kind]: true, to: nameOf(action.ifindex) })).join('; ');
        found.set(key, describe({ program: filter.bpf?.name, direct: filter.bpf?.direct, actions }));
      }
    }
  }
  return found;
}

/** Where filters hang on the qdiscs that have hooks instead of queues. */
const hooks: Readonly<Record<string, readonly string[]>> = { clsact: ['clsact ingress', 'clsact egress'], ingress: ['ingress'] };

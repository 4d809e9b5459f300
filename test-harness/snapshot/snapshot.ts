import { Machine } from '../lab/machine.ts';
import type { NetworkNamespace } from '../lab/namespace.ts';
import type { Section } from './describe.ts';
import { files } from './files.ts';
import { addresses, filters, links, neighbours, qdiscs, routes, rules } from './kernel.ts';
import { programs } from './programs.ts';
import { viewFromInside } from './view.ts';

export type { Section } from './describe.ts';

/** The aspects that a snapshot can have, in the order in which a diff tells them. */
export const sectionNames = [
  'link',
  'address',
  'route',
  'rule',
  'neighbour',
  'qdisc',
  'filter',
  'program',
  'sysctl',
  'iptables',
  'nft',
  'file',
  'pin',
] as const;
export type SectionName = (typeof sectionNames)[number];

/** A namespace at one moment, written so that two of them can be compared. Interface numbers are left out: they never come back. */
export interface Snapshot {
  readonly of: string;
  /** what was asked of it, so that the next one can look at the same things */
  readonly options: SnapshotOptions;
  readonly sections: ReadonlyMap<string, Section>;
}

export interface SnapshotOptions {
  /** folders of a machine whose files count (default /run, /sys/fs/bpf, /var/lib/cni) */
  readonly folders?: readonly string[];
  /** whether what is in those files counts, and not only that they are there (default false: host-local writes at every ADD) */
  readonly contents?: boolean;
  /** names (of a link, a file's path, a rule, ...) that do not count */
  readonly ignore?: RegExp;
  /** sections to look at (default all) */
  readonly only?: readonly SectionName[];
}

const FOLDERS = ['/run', '/sys/fs/bpf', '/var/lib/cni'];

/**
 * Looks at links, addresses, routes, rules, neighbours that somebody set, queueing disciplines and filters, programs on tcx, netkit and XDP hooks,
 * sysctls, firewall rules (as far as the distribution's `iptables-save` and `nft` are installed), and, for a machine, files and BPF pins.
 */
export async function snapshot(at: NetworkNamespace, options: SnapshotOptions = {}): Promise<Snapshot> {
  const wanted = (name: SectionName) => options.only?.includes(name) ?? true;
  const found: Partial<Record<SectionName, Section>> = {
    ...(await fromNetlink(at)),
    ...(['sysctl', 'iptables', 'nft'].some((name) => wanted(name as SectionName)) ? await viewFromInside(at) : {}),
    ...(at instanceof Machine ? await files(at, options.folders ?? FOLDERS, options.contents ?? false) : {}),
  };
  const sections = sectionNames.flatMap((name) => {
    const section = found[name];
    return section === undefined || !wanted(name) ? [] : [[name, without(section, options.ignore)] as const];
  });
  return { of: at.name, options, sections: new Map(sections) };
}

async function fromNetlink(at: NetworkNamespace): Promise<Partial<Record<SectionName, Section>>> {
  using netlink = await at.netlink();
  const devices = await netlink.links.list();
  const names = new Map(devices.map((link) => [link.ifindex, link.name]));
  const nameOf = (ifindex: number | undefined) => (ifindex === undefined ? '' : (names.get(ifindex) ?? `if${ifindex}`));
  const queues = await netlink.trafficControl.qdiscs();
  return {
    link: links(devices, nameOf),
    address: await addresses(netlink, nameOf),
    route: await routes(netlink, nameOf),
    rule: await rules(netlink),
    neighbour: await neighbours(netlink, nameOf),
    qdisc: qdiscs(queues, nameOf),
    filter: await filters(netlink, queues, nameOf),
    program: await programs(at, devices),
  };
}

function without(section: Section, ignore: RegExp | undefined): Section {
  return ignore === undefined ? section : new Map([...section].filter(([name]) => !ignore.test(name)));
}

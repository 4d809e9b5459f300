import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AttachType, attachedPrograms, hasErrno, type Link, programById, programInfo, type Rtnetlink } from '../../native/index.ts';
import { Machine } from '../lab/machine.ts';
import type { NetworkNamespace } from '../lab/namespace.ts';

/** One aspect of a namespace: what there is, by a name that stays the same from one snapshot to the next, and how it is. */
export type Section = ReadonlyMap<string, string>;

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
  /** names (of a link, a file's path, ...) that do not count */
  readonly ignore?: RegExp;
}

const FOLDERS = ['/run', '/sys/fs/bpf', '/var/lib/cni'];

/** Looks at links, addresses, routes, rules, neighbours that somebody set, programs on tcx hooks, and, for a machine, files and BPF pins. */
export async function snapshot(at: NetworkNamespace, options: SnapshotOptions = {}): Promise<Snapshot> {
  using netlink = await at.netlink();
  const devices = await netlink.links.list();
  const names = new Map(devices.map((link) => [link.ifindex, link.name]));
  const nameOf = (ifindex: number | undefined) => (ifindex === undefined ? '' : (names.get(ifindex) ?? `if${ifindex}`));
  const sections = new Map<string, Section>([
    ['link', links(devices)],
    ['address', await addresses(netlink, nameOf)],
    ['route', await routes(netlink, nameOf)],
    ['rule', await rules(netlink)],
    ['neighbour', await neighbours(netlink, nameOf)],
    ['program', programs(at, devices)],
  ]);
  if (at instanceof Machine) sections.set('file', await files(at, options.folders ?? FOLDERS));
  const { ignore } = options;
  const kept = [...sections].map(([name, section]) => [name, without(section, ignore)] as const);
  return { of: at.name, options, sections: new Map(kept) };
}

function without(section: Section, ignore: RegExp | undefined): Section {
  return ignore === undefined ? section : new Map([...section].filter(([name]) => !ignore.test(name)));
}

function links(devices: readonly Link[]): Section {
  return new Map(devices.map(({ name, kind, mtu, up, mac, group, noArp }) => [name, describe({ kind, mtu, up, mac, group, noArp })]));
}

async function addresses(netlink: Rtnetlink, nameOf: (ifindex?: number) => string): Promise<Section> {
  const rows = await netlink.addresses.list();
  return new Map(rows.map(({ ifindex, address, scope, peer }) => [`${address} on ${nameOf(ifindex)}`, describe({ scope, peer })]));
}

async function routes(netlink: Rtnetlink, nameOf: (ifindex?: number) => string): Promise<Section> {
  const rows = await netlink.routes.list();
  return new Map(
    rows.map((route) => {
      const { destination, ifindex, table, metric, gateway, source, scope, protocol, mtu, type } = route;
      const key = `${type} ${destination} on ${nameOf(ifindex)} table ${table} metric ${metric ?? 0}`;
      return [key, describe({ gateway, source, scope, protocol, mtu })];
    }),
  );
}

async function rules(netlink: Rtnetlink): Promise<Section> {
  const rows = await netlink.rules.list();
  return new Map(rows.map((rule) => [`IPv${rule.family} ${rule.priority} ${JSON.stringify(rule)}`, '']));
}

/** Learned neighbours come and go by themselves; only those that somebody set count. */
async function neighbours(netlink: Rtnetlink, nameOf: (ifindex?: number) => string): Promise<Section> {
  const rows = (await netlink.neighbours.list()).filter((row) => row.permanent);
  return new Map(
    rows.map(({ ifindex, address, mac, flags }) => [`${address} on ${nameOf(ifindex)}`, describe({ mac, flags: flags.join(',') })]),
  );
}

/** Programs on the tcx hooks of every link, in the order in which they run. A kernel without tcx (before 6.6) refuses the question: then none. */
function programs(at: NetworkNamespace, devices: readonly Link[]): Section {
  using netns = at.netns();
  const found = new Map<string, string>();
  for (const { ifindex, name } of devices) {
    for (const hook of ['tcxIngress', 'tcxEgress'] as const) {
      attached({ ifindex, netns, attachType: AttachType[hook] }).forEach((program, i) => {
        found.set(`${hook} ${i} on ${name}`, program);
      });
    }
  }
  return found;
}

function attached(where: Parameters<typeof attachedPrograms>[0]): string[] {
  try {
    return attachedPrograms(where).map(programName);
  } catch (error) {
    if (hasErrno(error, 'EINVAL') || hasErrno(error, 'ENODEV')) return [];
    throw error;
  }
}

function programName(id: number): string {
  using program = programById(id);
  return programInfo(program).name;
}

async function files(machine: Machine, folders: readonly string[]): Promise<Section> {
  const found = new Map<string, string>();
  for (const folder of folders) {
    const real = await machine.path(folder);
    const entries = await readdir(real, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries)
      found.set(`${folder}${join(entry.parentPath, entry.name).slice(real.length)}`, entry.isDirectory() ? 'folder' : '');
  }
  return found;
}

function describe(values: Record<string, unknown>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(', ');
}

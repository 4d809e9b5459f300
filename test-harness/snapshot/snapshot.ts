import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rtnetlink } from '../../native/index.ts';
import { Machine } from '../lab/machine.ts';
import type { NetworkNamespace } from '../lab/namespace.ts';

/** One aspect of a namespace: what there is, by a name that stays the same from one snapshot to the next, and how it is. */
export type Section = ReadonlyMap<string, string>;

/** A namespace at one moment, written so that two of them can be compared. Interface numbers are left out: they never come back. */
export interface Snapshot {
  readonly of: string;
  readonly sections: ReadonlyMap<string, Section>;
}

export interface SnapshotOptions {
  /** folders of a machine whose files count (default /run, /sys/fs/bpf, /var/lib/cni) */
  readonly folders?: readonly string[];
  /** names (of a link, a file's path, ...) that do not count */
  readonly ignore?: RegExp;
}

const FOLDERS = ['/run', '/sys/fs/bpf', '/var/lib/cni'];

/** Looks at links, addresses, routes, rules, neighbours that somebody set, programs attached to links, and, for a machine, files and BPF pins. */
export async function snapshot(at: NetworkNamespace, options: SnapshotOptions = {}): Promise<Snapshot> {
  using netlink = await at.netlink();
  const names = new Map((await netlink.links.list()).map((link) => [link.ifindex, link.name]));
  const nameOf = (ifindex: number | undefined) => (ifindex === undefined ? '' : (names.get(ifindex) ?? `if${ifindex}`));
  const sections = new Map<string, Section>([
    ['link', await links(netlink)],
    ['address', await addresses(netlink, nameOf)],
    ['route', await routes(netlink, nameOf)],
    ['rule', await rules(netlink)],
    ['neighbour', await neighbours(netlink, nameOf)],
    ['program', await programs(at)],
  ]);
  if (at instanceof Machine) sections.set('file', await files(at, options.folders ?? FOLDERS));
  const { ignore } = options;
  const kept = [...sections].map(([name, section]) => [name, without(section, ignore)] as const);
  return { of: at.name, sections: new Map(kept) };
}

function without(section: Section, ignore: RegExp | undefined): Section {
  return ignore === undefined ? section : new Map([...section].filter(([name]) => !ignore.test(name)));
}

async function links(netlink: Rtnetlink): Promise<Section> {
  const rows = await netlink.links.list();
  return new Map(rows.map(({ name, kind, mtu, up, mac, group, noArp }) => [name, describe({ kind, mtu, up, mac, group, noArp })]));
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

/** What `bpftool net show` lists: an independent witness of tcx, tc and XDP attachments. Empty where bpftool is not installed. */
async function programs(at: NetworkNamespace): Promise<Section> {
  const { code, stdout } = await at.exec(['bpftool', '--json', 'net', 'show']);
  if (code !== 0) return new Map();
  const found = new Map<string, string>();
  for (const kinds of JSON.parse(stdout) as Record<string, Record<string, unknown>[]>[]) {
    for (const [hook, rows] of Object.entries(kinds)) {
      for (const row of rows) found.set(`${String(row['name'])} on ${String(row['devname'])} ${String(row['kind'] ?? hook)}`, '');
    }
  }
  return found;
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

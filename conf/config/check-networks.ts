import { Address4, Address6 } from 'ip-address';
import type { ConfigPath, CrossProblem } from './problem.ts';
import type { DaemonConfig, PoolFamily } from './types.ts';

/** The networks of one family of one pool, and where they are written. */
interface Entry extends PoolFamily {
  readonly cidrsAt: ConfigPath;
  readonly maskAt: ConfigPath;
}

const BROADCAST = '255.255.255.255/32';
/** What no pod can have an address of: the kernel or the programs treat them in a way of their own (bpf/lib/address.h). */
const UNUSABLE: Readonly<Record<string, string>> = {
  '0.0.0.0/8': 'means "this host"',
  '127.0.0.0/8': 'is loopback',
  '169.254.0.0/16': 'is link-local',
  '224.0.0.0/4': 'is multicast',
  // The last address of a block, which is given out in blocks of one or two addresses only.
  [BROADCAST]: 'is broadcast',
  '::/96': 'is reserved for loopback and the unspecified address',
  '::ffff:0:0/96': 'stands for IPv4',
  'fe80::/10': 'is link-local',
  'ff00::/8': 'is multicast',
};

/** A network is no smaller than the blocks that are cut from it, of addresses that are forwarded, and belongs to one pool only. */
export function checkNetworks(config: DaemonConfig): CrossProblem[] {
  return [...entries(config, 'ipv4'), ...entries(config, 'ipv6')].flatMap((entry, index, all) => [
    ...checkMask(entry),
    ...checkUse(entry),
    ...checkOverlap(entry, all.slice(0, index)),
  ]);
}

function entries({ ipam, ...config }: DaemonConfig, family: 'ipv4' | 'ipv6'): Entry[] {
  const at = ['ipam', 'operator'];
  if (!config[family].enabled) return [];
  if (ipam.mode === 'cluster-pool') return [clusterPool(ipam.operator, family, at)];
  return Object.entries(ipam.operator.autoCreateCiliumPodIPPools).flatMap(([name, pool]) => {
    const networks = pool[family];
    const path = [...at, 'autoCreateCiliumPodIPPools', name, family];
    return networks ? [{ ...networks, cidrsAt: [...path, 'cidrs'], maskAt: [...path, 'maskSize'] }] : [];
  });
}

function clusterPool(operator: DaemonConfig['ipam']['operator'], family: 'ipv4' | 'ipv6', at: ConfigPath): Entry {
  const [list, mask] =
    family === 'ipv4'
      ? (['clusterPoolIPv4PodCIDRList', 'clusterPoolIPv4MaskSize'] as const)
      : (['clusterPoolIPv6PodCIDRList', 'clusterPoolIPv6MaskSize'] as const);
  return { cidrs: operator[list], maskSize: operator[mask], cidrsAt: [...at, list], maskAt: [...at, mask] };
}

function checkMask({ cidrs, maskSize, cidrsAt, maskAt }: Entry): CrossProblem[] {
  if (cidrs.length === 0) return [{ path: cidrsAt, reason: 'has no network, so that no pod could get an address' }];
  const small = cidrs.find((cidr) => network(cidr).subnetMask > maskSize);
  return small === undefined ? [] : [{ path: maskAt, reason: `a block of /${maskSize} does not fit into ${small}` }];
}

function checkUse({ cidrs, maskSize, cidrsAt }: Entry): CrossProblem[] {
  for (const cidr of cidrs) {
    const unusable = Object.keys(UNUSABLE).find((text) => overlap(cidr, text) && !(text === BROADCAST && maskSize < 31));
    if (unusable !== undefined) return [{ path: cidrsAt, reason: `${cidr} overlaps ${unusable}, which ${UNUSABLE[unusable]}` }];
  }
  return [];
}

function checkOverlap({ cidrs, cidrsAt }: Entry, before: readonly Entry[]): CrossProblem[] {
  const others = before.flatMap((entry) => entry.cidrs);
  for (const [index, cidr] of cidrs.entries()) {
    const other = [...others, ...cidrs.slice(0, index)].find((text) => overlap(cidr, text));
    if (other !== undefined) return [{ path: cidrsAt, reason: `${cidr} overlaps ${other}` }];
  }
  return [];
}

function overlap(a: string, b: string): boolean {
  if (a.includes(':') !== b.includes(':')) return false;
  return network(a).isInSubnet(network(b)) || network(b).isInSubnet(network(a));
}

function network(cidr: string): Address4 | Address6 {
  return cidr.includes(':') ? new Address6(cidr) : new Address4(cidr);
}

import type { Section } from './describe.ts';

/**
 * Sysctls from `grep -rH '' /proc/sys/net`. Of an interface only those that differ from the namespace's default are kept: else every new interface
 * would bring hundreds. What the kernel counts or derives is left out.
 */
export function parseSysctls(text: string): Section {
  const all = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, path = '', value = ''] = /^\/proc\/sys\/net\/([^:]+):(.*)$/.exec(line) ?? [];
    if (path === '' || isNoise(path, value)) continue;
    const known = all.get(path);
    all.set(path, known === undefined ? value : `${known} | ${value}`);
  }
  const kept = [...all].filter(([path, value]) => !isDefault(path, value, all));
  return new Map(kept.map(([path, value]) => [`net.${dotted(path)}`, value.replaceAll('\t', ' ')]));
}

/** `ipv4/conf/eth0/rp_filter`: family, kind, interface, name. */
const PER_INTERFACE = /^(ipv[46])\/(conf|neigh)\/([^/]+)\/(.+)$/;

/** Counters; the MTU, which the link tells; and -1, with which the kernel marks devices that need no duplicate detection. */
function isNoise(path: string, value: string): boolean {
  return (
    path === 'netfilter/nf_conntrack_count' || /^ipv6\/conf\/[^/]+\/mtu$/.test(path) || (path.endsWith('/accept_dad') && value === '-1')
  );
}

/** A namespace shows no `neigh/default`; loopback has the same values there unless somebody set them. */
function isDefault(path: string, value: string, all: ReadonlyMap<string, string>): boolean {
  const [, family, kind, name, setting] = PER_INTERFACE.exec(path) ?? [];
  if (name === undefined || name === 'default' || name === 'all') return false;
  const at = (other: string) => all.get(`${family}/${kind}/${other}/${setting}`);
  const normal = at('default') ?? (name === 'lo' ? undefined : at('lo'));
  return normal === value;
}

/** As sysctl(8) writes it: dots and slashes change places. */
const dotted = (path: string): string => path.replace(/[./]/g, (mark) => (mark === '.' ? '/' : '.'));

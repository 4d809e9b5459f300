import type { Family } from './address.ts';

/** A machine as its neighbours' /etc/hosts shows it. */
export interface HostEntry {
  readonly name: string;
  /** at most one per family, without prefix length */
  readonly addresses: readonly string[];
}

/**
 * /etc/hosts (hosts(5)) of one machine of a lab: itself, then all others in the order in which they were added. A machine without cable is found by
 * itself only, at 127.0.1.1 as Debian has it.
 */
export function hostsFile(self: string, entries: readonly HostEntry[]): string {
  const own = entries.find((entry) => entry.name === self)?.addresses ?? [];
  const lines = [
    '127.0.0.1 localhost',
    '::1 localhost ip6-localhost ip6-loopback',
    ...(own.length === 0 ? [`127.0.1.1 ${self}`] : []),
    ...entries.flatMap(({ name, addresses }) => addresses.map((address) => `${address} ${name}`)),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * /etc/resolv.conf (resolv.conf(5)). Without a name server the resolver would ask 127.0.0.1: a question that is refused at once, so that
 * a name which is not in /etc/hosts costs no time.
 */
export function resolvFile(nameservers: readonly string[]): string {
  return [...nameservers.map((server) => `nameserver ${server}`), 'options timeout:1 attempts:2', ''].join('\n');
}

/** One address per family out of a machine's link ends, the first that it was given. */
export function firstOfEach(addresses: readonly { readonly family: Family; readonly address: string }[]): string[] {
  return ([4, 6] as const).flatMap((family) => addresses.find((row) => row.family === family)?.address ?? []);
}

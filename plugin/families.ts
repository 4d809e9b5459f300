import type { EndpointPlan } from '../conf/api/types.ts';

/** One family of a pod: its address, its router, and the prefix that means everything. */
export interface PodFamily {
  readonly address: string;
  readonly router: string;
  /** Length of a prefix that holds one address. */
  readonly bits: 32 | 128;
  readonly everything: '0.0.0.0/0' | '::/0';
}

/** The families that a plan has an address of, IPv4 first. */
export function families({ endpoint: { ipv4, ipv6 }, routers }: EndpointPlan): PodFamily[] {
  const found: PodFamily[] = [];
  if (ipv4 && routers.ipv4) found.push({ address: ipv4.address, router: routers.ipv4, bits: 32, everything: '0.0.0.0/0' });
  if (ipv6 && routers.ipv6) found.push({ address: ipv6.address, router: routers.ipv6, bits: 128, everything: '::/0' });
  return found;
}

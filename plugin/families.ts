import type { EndpointPlan } from '../conf/api/types.ts';
import type { CniIp } from '../conf/cni/types.ts';

/** One family of a pod: its address, its router, and the prefix that means everything. */
export interface PodFamily {
  readonly address: string;
  /** The address with the prefix length that the pod is shown: its own, unless an IPAM plugin gave another. */
  readonly cidr: string;
  readonly router: string;
  /** The gateway that the result names: the router, unless an IPAM plugin named another, which it wants to see again at CHECK. */
  readonly gateway: string;
  /** Length of a prefix that holds one address. */
  readonly bits: 32 | 128;
  readonly everything: '0.0.0.0/0' | '::/0';
}

/** The families that a plan has an address of, IPv4 first. `given`: what an IPAM plugin gave. */
export function families({ endpoint: { ipv4, ipv6 }, routers }: EndpointPlan, given: readonly CniIp[] = []): PodFamily[] {
  const found: PodFamily[] = [];
  if (ipv4 && routers.ipv4)
    found.push({
      address: ipv4.address,
      ...shown(ipv4.address, 32, routers.ipv4, given),
      router: routers.ipv4,
      bits: 32,
      everything: '0.0.0.0/0',
    });
  if (ipv6 && routers.ipv6)
    found.push({
      address: ipv6.address,
      ...shown(ipv6.address, 128, routers.ipv6, given),
      router: routers.ipv6,
      bits: 128,
      everything: '::/0',
    });
  return found;
}

function shown(address: string, bits: 32 | 128, router: string, given: readonly CniIp[]): Pick<PodFamily, 'cidr' | 'gateway'> {
  const ip = given.find((one) => one.address.startsWith(`${address}/`));
  return { cidr: ip?.address ?? `${address}/${bits}`, gateway: ip?.gateway ?? router };
}

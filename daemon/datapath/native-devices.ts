import type { ProgramName } from '../../bpf/layout.generated.ts';
import { isSelectedDevice } from '../../conf/config/devices.ts';
import { HOST_IFNAME, NET_IFNAME, POD_IFNAME_PREFIX } from '../../conf/names.ts';
import type { Link, Rtnetlink } from '../../native/index.ts';

/** The devices that lead out of the node, and what the daemon concludes from them. */
export interface NativeDevices {
  /** Names of devices that would be native ones, but whose frames the programs cannot read. Ascending. */
  readonly unreadable: readonly string[];
  /** Ascending by name. */
  readonly links: readonly Link[];
  /** Least MTU of the devices that hold a default route; undefined without one. */
  readonly mtu: number | undefined;
}

/** Link layers whose frames begin with an Ethernet header (ARPHRD_ETHER and ARPHRD_LOOPBACK, linux/if_arp.h). */
const ETHERNET: readonly number[] = [1, 772];
/** Link layers without a header, as the kernel's dev_is_mac_header_xmit() has them: PPP, raw IP, IP tunnels, none (tun, WireGuard). */
const BARE: readonly number[] = [512, 519, 768, 769, 776, 778, 823, 65534];

/** The program that reads what arrives by a device; undefined when none does. */
export function ingressProgram({ type }: Pick<Link, 'type'>): ProgramName | undefined {
  if (ETHERNET.includes(type)) return 'axo_from_netdev';
  return BARE.includes(type) ? 'axo_from_l3dev' : undefined;
}

/** Devices of ours and the loopback are never native. */
function isCandidate(link: Link): boolean {
  const ours = link.name === HOST_IFNAME || link.name === NET_IFNAME || new RegExp(`^${POD_IFNAME_PREFIX}[0-9a-f]{10}$`).test(link.name);
  return !ours && link.name !== 'lo';
}

/** Finds the native devices: those that `patterns` name, or without patterns those that hold a default route of either family. */
export async function findNativeDevices(rtnl: Rtnetlink, patterns: readonly string[]): Promise<NativeDevices> {
  const links = (await rtnl.links.list()).filter(isCandidate);
  const routes = await rtnl.routes.list({ table: 254 });
  const leading = new Set<number | undefined>();
  for (const route of routes.filter(({ destination, type }) => destination === 'default' && type === 'unicast')) {
    for (const hop of route.nexthops ?? [route]) leading.add(hop.ifindex);
  }
  const defaults = links.filter(({ ifindex }) => leading.has(ifindex));
  const chosen = patterns.length === 0 ? defaults : links.filter(({ name }) => isSelectedDevice(patterns, name));
  const unreadable = chosen.filter((link) => ingressProgram(link) === undefined).map(({ name }) => name);
  const mtus = (defaults.length > 0 ? defaults : chosen).map(({ mtu }) => mtu).filter((mtu) => mtu !== undefined);
  return {
    unreadable: unreadable.sort(),
    links: chosen.filter(({ name }) => !unreadable.includes(name)).sort((a, b) => (a.name < b.name ? -1 : 1)),
    mtu: mtus.length === 0 ? undefined : Math.min(...mtus),
  };
}

import { isSelectedDevice } from '../../conf/config/devices.ts';
import { HOST_IFNAME, NET_IFNAME, POD_IFNAME_PREFIX } from '../../conf/names.ts';
import type { Link, Rtnetlink } from '../../native/index.ts';

/** The devices that lead out of the node, and what the daemon concludes from them. */
export interface NativeDevices {
  /** Ascending by name. */
  readonly links: readonly Link[];
  /** Least MTU of the devices that hold a default route; undefined without one. */
  readonly mtu: number | undefined;
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
  const mtus = (defaults.length > 0 ? defaults : chosen).map(({ mtu }) => mtu).filter((mtu) => mtu !== undefined);
  return {
    links: chosen.sort((a, b) => (a.name < b.name ? -1 : 1)),
    mtu: mtus.length === 0 ? undefined : Math.min(...mtus),
  };
}

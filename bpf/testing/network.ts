import { Netns, Rtnetlink, setSysctl } from '../../native/index.ts';
import { mac, mapped } from './bytes.ts';
import { host, outside } from './world.ts';

/** The node's way out: an uplink with a gateway that the node knows and one that it does not. */
export const uplink = {
  mac: '02:00:00:00:03:01',
  gateway: { ipv4: '192.0.2.1', ipv6: '2001:db8::1', mac: '02:00:00:00:03:fe' },
  stranger: { ipv4: '192.0.2.2', ipv6: '2001:db8::2' },
  mtu: 1500,
};

/** Destinations by what the routing table says of them. */
export const destinations = {
  known: outside,
  unknownNeighbour: { ipv4: '198.51.101.1', ipv6: '2001:db8:2::1' },
  unreachable: { ipv4: '198.51.102.1', ipv6: '2001:db8:3::1' },
  blackhole: { ipv4: '198.51.103.1', ipv6: '2001:db8:4::1' },
  prohibited: { ipv4: '198.51.104.1', ipv6: '2001:db8:5::1' },
  narrow: { ipv4: '198.51.105.1', ipv6: '2001:db8:6::1' },
  noRoute: { ipv4: '203.0.113.1', ipv6: '2001:db9::1' },
} as const;

/** MTU of the route to `destinations.narrow`, locked: like the kernel's own forwarding, a lookup ignores one that is not. */
export const NARROW_ROUTE = 1400;

const prefixes = ({ ipv4, ipv6 }: { ipv4: string; ipv6: string }) => [ipv4.replace(/\d+$/, '0/24'), ipv6.replace(/1$/, '/64')];

async function addRoutes(net: Rtnetlink, ifindex: number): Promise<void> {
  const via = [uplink.gateway.ipv4, uplink.gateway.ipv6];
  const strangers = [uplink.stranger.ipv4, uplink.stranger.ipv6];
  const add = async (to: { ipv4: string; ipv6: string }, make: (i: number) => object) => {
    for (const [i, destination] of prefixes(to).entries()) await net.routes.add({ destination, ...make(i) });
  };
  await add(destinations.known, (i) => ({ gateway: via[i], ifindex }));
  await add(destinations.unknownNeighbour, (i) => ({ gateway: strangers[i], ifindex }));
  await add(destinations.narrow, (i) => ({ gateway: via[i], ifindex, mtu: NARROW_ROUTE, lockMtu: true }));
  await add(destinations.unreachable, () => ({ type: 'unreachable' }));
  await add(destinations.blackhole, () => ({ type: 'blackhole' }));
  await add(destinations.prohibited, () => ({ type: 'prohibit' }));
}

async function addDevices(net: Rtnetlink): Promise<{ hostIfindex: number; uplinkIfindex: number }> {
  await net.links.create({ name: 'axo_host', kind: 'veth', mac: host.mac, peer: { name: 'axo_net' } });
  await net.links.create({ name: 'eth0', kind: 'veth', mac: uplink.mac, mtu: uplink.mtu, peer: { name: 'wire', mtu: uplink.mtu } });
  const hostIfindex = (await net.links.get('axo_host')).ifindex;
  const uplinkIfindex = (await net.links.get('eth0')).ifindex;
  const others = await Promise.all(['axo_net', 'wire'].map((name) => net.links.get(name)));
  for (const ifindex of [hostIfindex, uplinkIfindex, ...others.map((link) => link.ifindex)]) await net.links.set(ifindex, { up: true });
  await net.links.set(hostIfindex, { noArp: true });
  return { hostIfindex, uplinkIfindex };
}

/** Fills the namespace at `path` with axo_host, an uplink, and routes to `destinations`. */
export async function makeNetwork(path: string) {
  const netns = Netns.open(path);
  const net = await Rtnetlink.open(netns);
  const { hostIfindex, uplinkIfindex } = await addDevices(net);
  for (const family of ['ipv4', 'ipv6']) await setSysctl(netns, `net.${family}.conf.axo_host.forwarding`, '1');
  await net.addresses.add({ ifindex: uplinkIfindex, address: '192.0.2.10/24' });
  await net.addresses.add({ ifindex: uplinkIfindex, address: '2001:db8::10/64', noDad: true });
  await net.addresses.add({ ifindex: hostIfindex, address: '10.0.0.1/32' });
  await net.addresses.add({ ifindex: hostIfindex, address: 'fd00::1/128', noDad: true });
  await net.routes.add({ destination: '10.0.0.0/24', ifindex: hostIfindex });
  await net.routes.add({ destination: 'fd00::/64', ifindex: hostIfindex });
  for (const address of [uplink.gateway.ipv4, uplink.gateway.ipv6]) {
    await net.neighbours.add({ ifindex: uplinkIfindex, address, mac: uplink.gateway.mac, state: 'permanent' });
  }
  await addRoutes(net, uplinkIfindex);
  net.close();
  return { netns, settings: { cfg_host_ifindex: hostIfindex, cfg_host_mac: mac(host.mac), cfg_router4: mapped('10.0.0.1') } };
}

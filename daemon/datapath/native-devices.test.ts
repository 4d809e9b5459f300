import { describe, expect, it } from 'vitest';
import type { Link, Route, Rtnetlink } from '../../native/index.ts';
import { findNativeDevices, ingressProgram } from './native-devices.ts';

/** ARPHRD_ETHER */
const ETHERNET = 1;
const link = (ifindex: number, name: string, mtu = 1500) => ({ ifindex, name, mtu, type: ETHERNET }) as Link;
const defaultRoute = (ifindex: number, changes: object = {}) => ({ destination: 'default', type: 'unicast', ifindex, ...changes }) as Route;

/** A kernel that has these links and routes. */
function kernel(links: Link[], routes: Route[]): Rtnetlink {
  return { links: { list: async () => links }, routes: { list: async () => routes } } as unknown as Rtnetlink;
}

const links = [link(1, 'lo', 65536), link(3, 'eth1', 9000), link(2, 'eth0'), link(7, 'lxc0123456789'), link(8, 'axo_host')];
const names = async (routes: Route[], patterns: string[] = []) => {
  const { links: found, mtu } = await findNativeDevices(kernel(links, routes), patterns);
  return { names: found.map(({ name }) => name), mtu };
};

describe('native devices', () => {
  it('are those with a default route, sorted, with their least MTU', async () => {
    expect(await names([defaultRoute(3), defaultRoute(2)])).toEqual({ names: ['eth0', 'eth1'], mtu: 1500 });
  });

  it('include each way out of a multipath route', async () => {
    const route = { destination: 'default', type: 'unicast', nexthops: [{ ifindex: 2 }, { ifindex: 3 }] } as unknown as Route;
    expect((await names([route])).names).toEqual(['eth0', 'eth1']);
  });

  it('are never ours, nor the loopback', async () => {
    expect((await names([defaultRoute(7), defaultRoute(8), defaultRoute(1)])).names).toEqual([]);
  });

  it('are none without a default route, and an unreachable one is none', async () => {
    expect(await names([defaultRoute(2, { type: 'unreachable' })])).toEqual({ names: [], mtu: undefined });
  });

  it.each([
    ['Ethernet', 1, 'axo_from_netdev'],
    ['PPP', 512, 'axo_from_l3dev'],
    ['tun and WireGuard', 65534, 'axo_from_l3dev'],
    ['InfiniBand', 32, undefined],
  ])('of %s (type %i) are read by %s', (_, type, program) => {
    expect(ingressProgram({ type })).toBe(program);
  });

  it('are none of which the programs cannot read the frames; those are named', async () => {
    const infiniband = { ...link(9, 'ib0', 2044), type: 32 };
    const found = await findNativeDevices(kernel([...links, infiniband], [defaultRoute(9), defaultRoute(2)]), []);
    expect([found.links.map(({ name }) => name), found.unreadable]).toEqual([['eth0'], ['ib0']]);
  });

  it('are what the patterns name, with the MTU of the default route', async () => {
    expect(await names([defaultRoute(2)], ['eth1'])).toEqual({ names: ['eth1'], mtu: 1500 });
    expect((await names([], ['eth+', 'axo+'])).names).toEqual(['eth0', 'eth1']);
  });
});

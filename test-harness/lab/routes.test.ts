import { describe, expect, it } from 'vitest';
import { parsePrefix } from './address.ts';
import type { Wiring } from './link-types.ts';
import type { Machine, Role } from './machine.ts';
import { defaultRoutes, routesTowards } from './routes.ts';

function machine(name: string, role: Role): Machine {
  return { name, role } as unknown as Machine;
}

function link(n: number, left: Machine, right: Machine): Wiring {
  const subnet = `10.0.${n}.0/24`;
  const end = (owner: Machine, i: number) => ({
    machine: owner,
    interface: `eth${n}`,
    ifindex: n * 10 + i,
    addresses: [`10.0.${n}.${i}/24`],
  });
  return { ends: [end(left, 1), end(right, 2)], subnets: [parsePrefix(subnet)], mtu: 1500 };
}

const [a, b] = [machine('a', 'node'), machine('b', 'node')];
const [r, s] = [machine('r', 'router'), machine('s', 'router')];
const links = [link(0, a, r), link(1, r, s), link(2, s, b)];

function shown(routes: ReturnType<typeof routesTowards>): string[] {
  return routes.map((route) => `${route.machine.name}: ${route.destination} via ${route.gateway} if ${route.ifindex}`);
}

describe('static routes', () => {
  it('go through each router on the way', () => {
    expect(shown(routesTowards([b], parsePrefix('10.9.0.0/24'), links))).toEqual([
      's: 10.9.0.0/24 via 10.0.2.2 if 21',
      'r: 10.9.0.0/24 via 10.0.1.2 if 11',
      'a: 10.9.0.0/24 via 10.0.0.2 if 1',
    ]);
  });

  it('take the nearer of several targets', () => {
    expect(shown(routesTowards([a, s], parsePrefix('10.9.0.0/24'), links))).toEqual([
      'r: 10.9.0.0/24 via 10.0.0.1 if 2',
      'b: 10.9.0.0/24 via 10.0.2.1 if 22',
    ]);
  });

  it('do not go through nodes', () => {
    const c = machine('c', 'host');
    expect(shown(routesTowards([c], parsePrefix('10.9.0.0/24'), [...links, link(3, b, c)]))).toEqual(['b: 10.9.0.0/24 via 10.0.3.2 if 31']);
  });

  it('leave out a family that the link does not have', () => {
    expect(routesTowards([b], parsePrefix('fd00::/64'), links)).toEqual([]);
  });

  it('give a default route to a node with one cable only', () => {
    expect(shown(defaultRoutes(a, links))).toEqual(['a: default via 10.0.0.2 if 1']);
    expect(defaultRoutes(r, links)).toEqual([]);
    expect(defaultRoutes(a, [...links, link(4, a, b)])).toEqual([]);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import type { Route, RouteSpec, Rtnetlink } from '../../native/index.ts';
import { NodeRoutes } from './node-routes.ts';

/** The kernel's routes to one device, and how often it was asked. */
class FakeRoutes {
  readonly present = new Map<string, Route>();
  requests = 0;
  refusals = 0;

  async replace({ destination, source, protocol }: RouteSpec): Promise<void> {
    this.#count();
    this.present.set(destination, { destination, source, protocol, table: 254, type: 'unicast' } as Route);
  }

  async delete({ destination }: RouteSpec): Promise<void> {
    this.#count();
    this.present.delete(destination);
  }

  async list(): Promise<Route[]> {
    this.#count();
    return [...this.present.values()];
  }

  #count(): void {
    this.requests++;
    if (this.refusals-- > 0) throw new Error('refused by the test');
  }
}

const cidrs = ['10.0.0.0/24', 'fd00::/120'];
const routers = { ipv4: '10.0.0.1', ipv6: 'fd00::1' };
const prefixesOf = (id: number) => [`10.9.${id >> 8}.${id & 255}/32`, `fd09::${id.toString(16)}/128`];

let kernel: FakeRoutes;
let routes: NodeRoutes;
beforeEach(async () => {
  kernel = new FakeRoutes();
  routes = new NodeRoutes({ routes: kernel as unknown as Rtnetlink['routes'] }, { ifindex: 4, routers });
  await routes.restore(cidrs);
});

const destinations = () => [...kernel.present.keys()];

describe('the routes of a node', () => {
  it('are one for each CIDR, from the router of its family', () => {
    expect(kernel.present.get('10.0.0.0/24')).toMatchObject({ source: '10.0.0.1', protocol: 'static' });
    expect(kernel.present.get('fd00::/120')).toMatchObject({ source: 'fd00::1', protocol: 'static' });
  });

  it('cost an ADD and a DEL one request for each address, however many pods there are', async () => {
    for (let id = 1; id <= 1000; id++) routes.adopt(id, prefixesOf(id));
    await routes.restore(cidrs);
    kernel.requests = 0;
    await routes.connect(cidrs, 2000, prefixesOf(2000));
    expect(kernel.requests).toBe(2);
    await routes.disconnect(cidrs, 2000);
    expect(kernel.requests).toBe(4);
    expect(destinations()).toHaveLength(2002);
  });

  it('cost an ADD nothing when its address lies in a CIDR', async () => {
    kernel.requests = 0;
    await routes.connect(cidrs, 7, []);
    expect(kernel.requests).toBe(0);
  });

  it('follow CIDRs that come and go', async () => {
    await routes.connect([...cidrs, '10.0.1.0/24'], 7, []);
    expect(destinations()).toContain('10.0.1.0/24');
    await routes.connect(cidrs, 8, []);
    expect(destinations()).toEqual(cidrs);
  });

  it('are found missing, foreign, and left over, and put right', async () => {
    await routes.connect(cidrs, 7, prefixesOf(7));
    kernel.present.delete('10.0.0.0/24');
    kernel.present.set('fd00::/120', { ...kernel.present.get('fd00::/120'), type: 'blackhole' } as Route);
    kernel.present.set('10.8.0.0/24', { destination: '10.8.0.0/24', protocol: 'static', table: 254, type: 'unicast' } as Route);
    expect(await routes.inspect()).toEqual([
      'route 10.0.0.0/24 to axo_host is gone',
      'route fd00::/120 to axo_host is gone',
      'route 10.8.0.0/24 to axo_host leads to no pod',
    ]);
    await routes.restore(cidrs);
    expect(await routes.inspect()).toEqual([]);
    expect(destinations().sort()).toEqual([...cidrs, ...prefixesOf(7)].sort());
  });

  it('that could not be removed are found', async () => {
    await routes.connect(cidrs, 7, prefixesOf(7));
    kernel.refusals = 1;
    await expect(routes.disconnect(cidrs, 7)).rejects.toThrow('refused');
    expect(await routes.inspect()).toHaveLength(2);
    await routes.restore(cidrs);
    expect(destinations()).toEqual(cidrs);
  });
});

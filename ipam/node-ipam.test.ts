import { describe, expect, it } from 'vitest';
import { NodeIpam } from './node-ipam.ts';
import type { IpamConfig } from './types.ts';

const small: IpamConfig = {
  mode: 'cluster-pool',
  pools: [
    {
      name: 'default',
      ipv4: { cidrs: ['172.20.42.0/28', '172.20.84.0/29'], maskSize: 29 },
      ipv6: { cidrs: ['fd00::/104'], maskSize: 120 },
    },
  ],
};
const multi: IpamConfig = {
  mode: 'multi-pool',
  pools: [
    { name: 'default', ipv4: { cidrs: ['172.20.0.0/16'], maskSize: 28 } },
    { name: 'vac', ipv4: { cidrs: ['10.100.0.0/16'], maskSize: 29 } },
  ],
};

function fill(ipam: NodeIpam, count: number, pool?: string): string[] {
  return Array.from(
    { length: count },
    (_, i) => ipam.allocate({ owner: `default/pod-${i}`, family: 4, ...(pool ? { pool } : {}) }).address,
  );
}

describe('cluster-pool', () => {
  it('a /29 holds the router and five pods, as the tables show', () => {
    const ipam = new NodeIpam({ ...small, maxBlocks: 1 });
    expect(ipam.allocate({ owner: 'router', family: 4 })).toEqual({ address: '172.20.42.1', pool: 'default' });
    fill(ipam, 5);
    expect(ipam.status().pools[0]).toEqual({ name: 'default', family: 4, cidrs: ['172.20.42.0/29'], allocated: 6, capacity: '6' });
    expect(() => fill(ipam, 1)).toThrow(
      expect.objectContaining({
        code: 'pool-exhausted',
        message:
          'allocate IPv4 address from pool default: range is full: 6 of 6 addresses of 172.20.42.0/29 are taken, and this node may hold 1 block of a pool',
      }),
    );
  });

  it('cuts another block when one fills, until the networks are used up', () => {
    const ipam = new NodeIpam(small);
    fill(ipam, 18);
    expect(ipam.blocks.map((b) => b.cidr)).toEqual(['172.20.42.0/29', '172.20.42.8/29', '172.20.84.0/29']);
    expect(() => fill(ipam, 1)).toThrow('range is full: 18 of 18 addresses of 172.20.42.0/29, 172.20.42.8/29, 172.20.84.0/29 are taken');
  });

  it('counts a revision per block, not per address', () => {
    const ipam = new NodeIpam(small);
    fill(ipam, 6);
    expect(ipam.revision).toBe(1);
    fill(ipam, 1);
    expect(ipam.revision).toBe(2);
  });

  it('gives an idle block back when the others have a block of free addresses, and not before', () => {
    const ipam = new NodeIpam(small);
    const addresses = fill(ipam, 18);
    for (const address of addresses.slice(12)) ipam.release(address);
    expect(ipam.blocks).toHaveLength(3);
    for (const address of addresses.slice(0, 5)) ipam.release(address);
    expect(ipam.blocks).toHaveLength(3);
    ipam.release(addresses[5] ?? '');
    expect(ipam.blocks).toHaveLength(2);
    for (const address of addresses.slice(6, 12)) ipam.release(address);
    expect(ipam.blocks).toHaveLength(1);
    expect(ipam.status().addresses).toEqual([]);
    expect(fill(ipam, 18)).toHaveLength(18);
  });

  it('serves IPv6 from its own blocks', () => {
    const ipam = new NodeIpam(small);
    expect(ipam.allocate({ owner: 'router', family: 6 }).address).toBe('fd00::1');
    expect(ipam.blocks).toEqual([{ pool: 'default', family: 6, cidr: 'fd00::/120' }]);
  });

  it('lists owners in ascending order of the address', () => {
    const ipam = new NodeIpam(small);
    ipam.allocate({ owner: 'default/b', family: 4, requested: '172.20.42.3' });
    ipam.allocate({ owner: 'router', family: 4 });
    expect(ipam.status().addresses).toEqual([
      { address: '172.20.42.1', owner: 'router', pool: 'default' },
      { address: '172.20.42.3', owner: 'default/b', pool: 'default' },
    ]);
  });
});

describe('multi-pool', () => {
  it('takes from the pool that is named, and from the default pool otherwise', () => {
    const ipam = new NodeIpam(multi);
    expect(ipam.allocate({ owner: 'a', family: 4 })).toEqual({ address: '172.20.0.1', pool: 'default' });
    expect(ipam.allocate({ owner: 'a', family: 4, pool: 'vac' })).toEqual({ address: '10.100.0.1', pool: 'vac' });
    expect(ipam.allocate({ owner: 'a', family: 4, requested: '10.100.7.5' })).toEqual({ address: '10.100.7.5', pool: 'vac' });
    expect(ipam.blocks.map((b) => b.cidr)).toEqual(['172.20.0.0/28', '10.100.0.0/29', '10.100.7.0/29']);
  });

  it.each([
    [{ pool: 'gold' }, 'pool-unknown', 'allocate from pool gold: no such pool; there are default, vac'],
    [{ pool: 'vac', family: 6 as const }, 'pool-unknown', 'allocate from pool vac: it has no IPv6 networks'],
    [{ requested: '192.0.2.1' }, 'address-unavailable', 'allocate 192.0.2.1: outside 172.20.0.0/16, 10.100.0.0/16'],
    [{ requested: '172.20.9.0' }, 'address-unavailable', 'allocate 172.20.9.0: the network address of 172.20.9.0/28'],
  ])('refuses %j', (request, code, message) => {
    const ipam = new NodeIpam(multi);
    expect(() => ipam.allocate({ owner: 'a', family: 4, ...request })).toThrow(expect.objectContaining({ code, message }));
    expect(ipam.blocks).toEqual([]);
  });

  it('refuses an address in another block when the node may hold no more', () => {
    const ipam = new NodeIpam({ ...multi, maxBlocks: 1 });
    fill(ipam, 1);
    expect(() => ipam.allocate({ owner: 'a', family: 4, requested: '172.20.0.20' })).toThrow(
      'allocate 172.20.0.20 from pool default: outside 172.20.0.0/28, and this node may hold 1 block of a pool',
    );
  });

  it('releases only what the owner holds, and takes rubbish for free', () => {
    const ipam = new NodeIpam(multi);
    const { address } = ipam.allocate({ owner: 'a', family: 4 });
    expect(ipam.release(address, 'b')).toBe(false);
    expect(ipam.release('rubbish')).toBe(false);
    expect(ipam.ownerOf(address)).toBe('a');
    expect(ipam.release(address, 'a')).toBe(true);
    expect(ipam.ownerOf(address)).toBeUndefined();
  });
});

describe('restart', () => {
  it('holds the same blocks again, and takes the addresses of records', () => {
    const before = new NodeIpam(multi);
    const addresses = [...fill(before, 20), ...fill(before, 3, 'vac')];
    const after = new NodeIpam(multi, JSON.parse(JSON.stringify(before.snapshot())));
    expect([after.blocks, after.revision, after.dropped]).toEqual([before.blocks, 0, []]);
    for (const address of addresses) after.allocate({ owner: 'pod', family: 4, requested: address });
    expect(after.status().pools).toEqual(before.status().pools);
    expect(addresses).not.toContain(after.allocate({ owner: 'new', family: 4 }).address);
  });

  it('finds the block of a record even when the snapshot is lost', () => {
    const ipam = new NodeIpam(multi);
    ipam.allocate({ owner: 'pod', family: 4, requested: '172.20.0.20' });
    expect(ipam.blocks.map((b) => b.cidr)).toEqual(['172.20.0.16/28']);
  });

  it('names blocks that a changed configuration has no place for', () => {
    const before = new NodeIpam(multi);
    fill(before, 1, 'vac');
    fill(before, 1);
    const after = new NodeIpam({ mode: 'multi-pool', pools: multi.pools.slice(0, 1) }, before.snapshot());
    expect(after.dropped).toEqual([{ pool: 'vac', family: 4, cidr: '10.100.0.0/29' }]);
    expect(after.revision).toBe(1);
  });
});

describe('configuration', () => {
  const pool = (name: string, cidr: string, maskSize: number) => ({ name, ipv4: { cidrs: [cidr], maskSize } });
  it.each([
    [[pool('default', '10.0.0.0/24', 23)], 'cut 10.0.0.0/24 into blocks of /23: the network is smaller than one block'],
    [[pool('default', '10.0.0.0/24', 33)], 'cut blocks of /33: not a prefix length from 1 to 32'],
    [[pool('default', 'fd00::/64', 28)], 'add CIDR fd00::/64: not an IPv4 network'],
    [[pool('default', '10.0.0.0/24', 28), pool('default', '10.1.0.0/24', 28)], 'read pool default: the name is used twice'],
    [[pool('default', '10.0.0.0/8', 28), pool('b', '10.1.0.0/24', 28)], 'read pool b: 10.1.0.0/24 overlaps 10.0.0.0/8 of pool default'],
  ])('%j is refused', (pools, message) => {
    expect(() => new NodeIpam({ mode: 'multi-pool', pools })).toThrow(expect.objectContaining({ code: 'invalid-config', message }));
  });

  it('cluster-pool has exactly the default pool', () => {
    expect(() => new NodeIpam({ ...multi, mode: 'cluster-pool' })).toThrow('mode cluster-pool has one pool, default');
  });

  it('never cuts a block that is excluded whole', () => {
    const ipam = new NodeIpam({ ...multi, excluded: ['172.20.0.0/27', '172.20.0.33-172.20.0.34'] });
    expect(fill(ipam, 1)).toEqual(['172.20.0.35']);
    expect(() => ipam.allocate({ owner: 'a', family: 4, requested: '172.20.0.5' })).toThrow(
      'allocate 172.20.0.5 from pool default: excluded by the configuration',
    );
  });
});

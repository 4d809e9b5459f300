import { describe, expect, it } from 'vitest';
import { AddressAllocator } from './allocator.ts';
import { restingLimit } from './places.ts';

function drain(allocator: AddressAllocator): string[] {
  const taken: string[] = [];
  for (let address = allocator.allocate('pod'); address !== undefined; address = allocator.allocate('pod')) taken.push(address);
  return taken;
}

describe('usable addresses', () => {
  it.each([
    ['172.20.42.0/28', 14, '172.20.42.1', '172.20.42.14'],
    ['172.20.42.0/29', 6, '172.20.42.1', '172.20.42.6'],
    ['172.20.42.8/30', 2, '172.20.42.9', '172.20.42.10'],
    ['172.20.42.8/31', 2, '172.20.42.8', '172.20.42.9'],
    ['172.20.42.8/32', 1, '172.20.42.8', '172.20.42.8'],
    ['10.0.0.0/24', 254, '10.0.0.1', '10.0.0.254'],
    ['fd00::/120', 255, 'fd00::1', 'fd00::ff'],
    ['fd00::/125', 7, 'fd00::1', 'fd00::7'],
    ['fd00::10/126', 3, 'fd00::11', 'fd00::13'],
    ['fd00::10/127', 2, 'fd00::10', 'fd00::11'],
    ['fd00::10/128', 1, 'fd00::10', 'fd00::10'],
  ] as const)('%s has %i, from %s to %s', (cidr, count, first, last) => {
    const allocator = new AddressAllocator({ family: cidr.includes(':') ? 6 : 4, cidrs: [cidr] });
    const taken = drain(allocator);
    expect(allocator.capacity).toBe(BigInt(count));
    expect([new Set(taken).size, taken[0], taken.at(-1)]).toEqual([count, first, last]);
  });

  it('a /64 has 2^64 - 1', () => {
    expect(new AddressAllocator({ family: 6, cidrs: ['fd00::/64'] }).capacity).toBe(2n ** 64n - 1n);
  });
});

describe('requested addresses', () => {
  const make = () => new AddressAllocator({ family: 4, cidrs: ['10.0.0.0/29', '10.0.1.0/29'], excluded: ['10.0.0.3', 'fd00::1'] });

  it('are given when free, and then passed over', () => {
    const allocator = make();
    expect(allocator.allocate('default/db', '10.0.0.1')).toBe('10.0.0.1');
    expect(allocator.ownerOf('10.0.0.1')).toBe('default/db');
    expect(allocator.allocate('default/web')).toBe('10.0.0.2');
    expect(allocator.allocate('default/web')).toBe('10.0.0.4');
  });

  it.each([
    ['10.0.0.0', 'allocate 10.0.0.0: the network address of 10.0.0.0/29'],
    ['10.0.0.7', 'allocate 10.0.0.7: the broadcast address of 10.0.0.0/29'],
    ['10.0.0.3', 'allocate 10.0.0.3: excluded by the configuration'],
    ['10.0.2.1', 'allocate 10.0.2.1: outside 10.0.0.0/29, 10.0.1.0/29'],
    ['fd00::1', 'allocate fd00::1: outside 10.0.0.0/29, 10.0.1.0/29'],
    ['10.0.1.2', 'allocate 10.0.1.2: taken by router'],
    ['ten', 'read address "ten": not an IPv4 or IPv6 address'],
  ])('%s is refused with the reason', (address, message) => {
    const allocator = make();
    allocator.allocate('router', '10.0.1.2');
    expect(() => allocator.allocate('pod', address)).toThrow(expect.objectContaining({ code: 'address-unavailable', message }));
    expect(allocator.taken).toBe(1);
  });

  it('the all-zeros address of an IPv6 network is refused', () => {
    const allocator = new AddressAllocator({ family: 6, cidrs: ['fd00::/120'] });
    expect(() => allocator.allocate('pod', 'fd00::')).toThrow('allocate fd00::: the subnet-router anycast address of fd00::/120');
  });

  it('work at the far end of a /64', () => {
    const allocator = new AddressAllocator({ family: 6, cidrs: ['fd00::/64'] });
    expect(allocator.allocate('pod', 'fd00::ffff:ffff:ffff:ffff')).toBe('fd00::ffff:ffff:ffff:ffff');
    expect(() => allocator.allocate('pod', 'fd00::ffff:ffff:ffff:ffff')).toThrow('taken by pod');
    expect(allocator.release('fd00::ffff:ffff:ffff:ffff')).toBe(true);
  });
});

describe('release', () => {
  it('puts the address at the back of the queue', () => {
    const allocator = new AddressAllocator({ family: 4, cidrs: ['10.0.0.0/29'] });
    drain(allocator);
    for (const last of [5, 2, 6]) allocator.release(`10.0.0.${last}`);
    expect(allocator.allocate('a')).toBe('10.0.0.5');
    allocator.release('10.0.0.5');
    expect(drain(allocator)).toEqual(['10.0.0.2', '10.0.0.6', '10.0.0.5']);
  });

  it('prefers addresses that were never used', () => {
    const allocator = new AddressAllocator({ family: 4, cidrs: ['10.0.0.0/29', '10.0.1.0/30'] });
    allocator.allocate('a', '10.0.0.2');
    allocator.release('10.0.0.2');
    expect(drain(allocator)).toEqual(['10.0.0.1', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.1.1', '10.0.1.2', '10.0.0.2']);
  });

  it('keeps no more than the resting limit out of use, however large the range', () => {
    const allocator = new AddressAllocator({ family: 6, cidrs: ['fd00::/64'] });
    const seen = new Set<string>();
    for (let i = 0; i < 3 * restingLimit; i++) {
      const address = allocator.allocate('pod') ?? '';
      seen.add(address);
      allocator.release(address);
    }
    expect(seen.size).toBe(restingLimit);
  });

  it('is refused to anyone but the owner, and for an address that is free', () => {
    const allocator = new AddressAllocator({ family: 4, cidrs: ['10.0.0.0/29'] });
    allocator.allocate('a', '10.0.0.1');
    expect(allocator.release('10.0.0.1', 'b')).toBe(false);
    expect(allocator.release('10.0.0.2')).toBe(false);
    expect(allocator.release('fd00::1')).toBe(false);
    expect(allocator.release('10.0.0.1', 'a')).toBe(true);
    expect(allocator.release('10.0.0.1', 'a')).toBe(false);
  });
});

describe('exclusions', () => {
  it('are never given out', () => {
    const allocator = new AddressAllocator({
      family: 4,
      cidrs: ['10.0.0.0/28'],
      excluded: ['10.0.0.0/30', '10.0.0.6-10.0.0.12', '10.0.0.6'],
    });
    expect(drain(allocator)).toEqual(['10.0.0.4', '10.0.0.5', '10.0.0.13', '10.0.0.14']);
    expect(allocator.capacity).toBe(4n);
  });

  it('may be larger than a number can count', () => {
    const allocator = new AddressAllocator({ family: 6, cidrs: ['fd00::/64'], excluded: ['fd00::/65'] });
    expect(allocator.allocate('pod')).toBe('fd00::8000:0:0:0');
    expect(allocator.allocate('pod')).toBe('fd00::8000:0:0:1');
  });
});

describe('networks', () => {
  it.each([
    ['10.0.0.0/28', 'add CIDR 10.0.0.0/28: overlaps 10.0.0.0/29'],
    ['fd00::/64', 'add CIDR fd00::/64: not an IPv4 network'],
  ])('%s is refused', (cidr, message) => {
    const allocator = new AddressAllocator({ family: 4, cidrs: ['10.0.0.0/29'] });
    expect(() => allocator.add(cidr)).toThrow(expect.objectContaining({ code: 'invalid-config', message }));
  });

  it('lists leases in ascending order with their owners', () => {
    const allocator = new AddressAllocator({ family: 4, cidrs: ['10.0.1.0/29', '10.0.0.0/29'] });
    allocator.allocate('b', '10.0.0.6');
    allocator.allocate('c', '10.0.1.1');
    allocator.allocate('a', '10.0.0.2');
    expect(allocator.leases()).toEqual([
      { address: '10.0.0.2', owner: 'a' },
      { address: '10.0.0.6', owner: 'b' },
      { address: '10.0.1.1', owner: 'c' },
    ]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, formatCidr, parseAddress, parseCidr } from './address.ts';
import { AddressAllocator } from './allocator.ts';
import { NodeIpam } from './node-ipam.ts';

/** Networks of one family that do not overlap: each is a /28 (or /124) of its own, shortened at random. */
const networks = fc.record({
  family: fc.constantFrom(4 as const, 6 as const),
  cuts: fc.uniqueArray(fc.record({ index: fc.nat(4000), hostBits: fc.integer({ min: 0, max: 4 }) }), {
    selector: (c) => c.index,
    minLength: 1,
    maxLength: 6,
  }),
});

/** `take` any, `ask` for the n-th address of a network, `free` the n-th of those taken. */
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('take' as const), n: fc.nat(0) }),
    fc.record({ kind: fc.constant('ask' as const), n: fc.nat(200) }),
    fc.record({ kind: fc.constant('free' as const), n: fc.nat(100) }),
  ),
  { maxLength: 150 },
);

function cidrsOf({ family, cuts }: { family: 4 | 6; cuts: { index: number; hostBits: number }[] }): string[] {
  const base = parseAddress(family === 4 ? '10.0.0.0' : 'fd00::').value;
  const length = family === 4 ? 32 : 128;
  return cuts.map((cut) => formatCidr({ family, first: base + BigInt(cut.index * 16), length: length - cut.hostBits }));
}

/** The model: a set of taken addresses, kept by hand. */
function run(allocator: AddressAllocator, cidrs: string[], list: { kind: 'take' | 'ask' | 'free'; n: number }[]): void {
  const taken = new Set<string>();
  for (const { kind, n } of list) {
    if (kind === 'free') {
      const address = [...taken][n];
      if (address) expect(allocator.release(address)).toBe(taken.delete(address));
    } else {
      const cidr = parseCidr(cidrs[n % cidrs.length] ?? '');
      const asked = kind === 'ask' ? formatAddress(cidr.family, cidr.first + BigInt(n % 16)) : undefined;
      const address = attempt(allocator, asked);
      if (address === undefined && asked === undefined) expect(BigInt(taken.size)).toBe(allocator.capacity);
      if (address === undefined) continue;
      expect(taken.has(address)).toBe(false);
      taken.add(address);
    }
    expect(allocator.taken).toBe(taken.size);
  }
  expect(new Set(allocator.leases().map((lease) => lease.address))).toEqual(taken);
}

function attempt(allocator: AddressAllocator, asked?: string): string | undefined {
  try {
    return allocator.allocate('pod', asked);
  } catch (error) {
    expect(error).toMatchObject({ code: 'address-unavailable' });
    return undefined;
  }
}

describe('AddressAllocator', () => {
  it('never gives an address twice, loses none, and knows when it is full', () => {
    fc.assert(
      fc.property(networks, steps, (nets, list) => {
        const cidrs = cidrsOf(nets);
        run(new AddressAllocator({ family: nets.family, cidrs }), cidrs, list);
      }),
      { numRuns: 150 },
    );
  });

  it('gives out exactly its capacity, and the same again after all are released', () => {
    fc.assert(
      fc.property(networks, (nets) => {
        const allocator = new AddressAllocator({ family: nets.family, cidrs: cidrsOf(nets) });
        const first = drain(allocator);
        expect([BigInt(first.length), new Set(first).size]).toEqual([allocator.capacity, first.length]);
        for (const address of first) allocator.release(address);
        expect(drain(allocator)).toEqual(first);
      }),
      { numRuns: 50 },
    );
  });
});

function drain(allocator: AddressAllocator): string[] {
  const taken: string[] = [];
  for (let address = allocator.allocate('pod'); address !== undefined; address = allocator.allocate('pod')) taken.push(address);
  return taken;
}

describe('NodeIpam', () => {
  it('agrees with its status, its blocks and its restored self at every point', () => {
    const config = {
      mode: 'cluster-pool' as const,
      pools: [{ name: 'default', ipv4: { cidrs: ['10.0.0.0/26', '10.9.0.0/28'], maskSize: 29 } }],
    };
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant('take' as const), fc.nat(80)), { maxLength: 150 }), (list) => {
        const ipam = new NodeIpam(config);
        const taken: string[] = [];
        for (const step of list) {
          if (step === 'take' && taken.length < 60) taken.push(ipam.allocate({ owner: 'pod', family: 4 }).address);
          else if (step !== 'take' && step < taken.length) expect(ipam.release(taken.splice(step, 1)[0] ?? '', 'pod')).toBe(true);
        }
        expect(new Set(taken).size).toBe(taken.length);
        const restored = new NodeIpam(config, ipam.snapshot());
        for (const address of taken) restored.allocate({ owner: 'pod', family: 4, requested: address });
        expect(restored.status()).toEqual(ipam.status());
        expect(restored.revision).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});

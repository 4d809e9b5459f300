import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type IpamConfig, NodeIpam } from '../../ipam/index.ts';
import { removeAll } from '../files.ts';
import { silent } from '../log.ts';
import { NodeAddressing } from './addressing.ts';
import { IpamFile } from './store.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'addressing-'));
});
afterEach(() => removeAll(folder));

const dual: IpamConfig = {
  mode: 'multi-pool',
  pools: [
    { name: 'default', ipv4: { cidrs: ['10.0.0.0/24'], maskSize: 29 }, ipv6: { cidrs: ['fd00::/112'], maskSize: 120 } },
    { name: 'four', ipv4: { cidrs: ['10.1.0.0/24'], maskSize: 29 } },
  ],
};

function open(config: IpamConfig = dual, onDevice: { ipv4?: string; ipv6?: string } = {}): NodeAddressing {
  const file = new IpamFile(join(folder, 'ipam.json'), silent);
  const createIpam = (state?: { ipam: ReturnType<NodeIpam['snapshot']> }) => new NodeIpam(config, state?.ipam);
  const families = config.pools.some(({ ipv6 }) => ipv6 !== undefined) ? ([4, 6] as const) : ([4] as const);
  const addressing = new NodeAddressing({ config, families, file, createIpam, log: silent });
  addressing.reserveRouters(onDevice);
  return addressing;
}

const demand = (changes: object = {}) => ({ owner: 'default/web', ...changes });

describe('NodeAddressing', () => {
  it('gives a router and an address of each family', () => {
    const addressing = open();
    const { ipv4, ipv6 } = addressing.allocate(demand());
    expect(Object.keys(addressing.routers)).toEqual(['ipv4', 'ipv6']);
    expect(ipv4?.address).not.toBe(addressing.routers.ipv4);
    expect(addressing.ownerOf(ipv6 ?? { address: '', pool: '' })).toBe('default/web');
    expect(
      addressing
        .status()
        .addresses.map(({ owner }) => owner)
        .sort(),
    ).toEqual(['default/web', 'default/web', 'router', 'router']);
  });

  it('keeps routers and blocks over a restart', () => {
    const before = open();
    for (let n = 0; n < 8; n++) before.allocate(demand({ owner: `pod-${n}` }));
    expect(before.blocks.length).toBeGreaterThan(2);
    const after = open();
    expect(after.routers).toEqual(before.routers);
    expect(after.blocks).toEqual(before.blocks);
  });

  it('takes the routers from the device when the file is lost or bad', () => {
    const { routers } = open(dual, { ipv4: '10.0.0.77', ipv6: 'fd00::77' });
    expect(routers).toEqual({ ipv4: '10.0.0.77', ipv6: 'fd00::77' });
    writeFileSync(join(folder, 'ipam.json'), '{"version":1');
    expect(open(dual, { ipv4: '10.0.0.78' }).routers.ipv4).toBe('10.0.0.78');
    expect(readdirSync(folder)).toContain('ipam.json.bad');
  });

  it('gives one family from a pool that has but one', () => {
    expect(open().allocate(demand({ pool: 'four' }))).toEqual({ ipv4: { address: expect.stringMatching(/^10\.1\.0\./), pool: 'four' } });
  });

  it('honours an address that was asked for, in its text form', () => {
    const { ipv4, ipv6 } = open().allocate(demand({ addresses: ['fd00::0:42', '10.0.0.50'] }));
    expect([ipv4?.address, ipv6?.address]).toEqual(['10.0.0.50', 'fd00::42']);
  });

  it.each([
    ['an unknown pool', { pool: 'none' }, 'pool-unknown'],
    ['an address outside', { addresses: ['192.0.2.1'] }, 'address-unavailable'],
    ['two addresses of a family', { addresses: ['10.0.0.50', '10.0.0.51'] }, 'bad-request'],
    ['no address at all', { addresses: ['1.2.3.4.5'] }, 'bad-request'],
  ])('refuses %s and reserves nothing', (_what, changes, code) => {
    const addressing = open();
    expect(() => addressing.allocate(demand(changes))).toThrow(expect.objectContaining({ code }));
    expect(addressing.status().addresses).toHaveLength(2);
  });

  it('reserves nothing when the second family fails', () => {
    const addressing = open({
      ...dual,
      pools: [{ name: 'default', ipv4: { cidrs: ['10.0.0.0/24'], maskSize: 24 }, ipv6: { cidrs: ['fd00::/126'], maskSize: 126 } }],
    });
    for (let n = 0; n < 4; n++) {
      try {
        addressing.allocate(demand());
      } catch {
        break;
      }
    }
    const count = addressing.status().addresses.length;
    expect(() => addressing.allocate(demand())).toThrow('range is full');
    expect(addressing.status().addresses).toHaveLength(count);
  });

  it('finds a problem when the default pool is full and cannot grow', () => {
    const addressing = open({ mode: 'cluster-pool', pools: [{ name: 'default', ipv4: { cidrs: ['10.0.0.0/29'], maskSize: 29 } }] });
    expect(addressing.problems()).toEqual([]);
    const pods = [1, 2, 3, 4, 5].map((n) => addressing.allocate(demand({ owner: `pod-${n}` })));
    expect(addressing.problems()).toEqual([expect.stringContaining('range is full')]);
    addressing.release(pods[0] ?? {});
    expect(addressing.problems()).toEqual([]);
  });

  it('finds the problem of the pool that it is asked about, and of no other', () => {
    const pools = ['default', 'blue'].map((name, n) => ({ name, ipv4: { cidrs: [`10.0.${n}.0/29`], maskSize: 29 } }));
    const addressing = open({ mode: 'multi-pool', pools });
    for (const n of [1, 2, 3, 4, 5, 6]) addressing.allocate(demand({ owner: `pod-${n}`, pool: 'blue' }));
    expect(addressing.problems('blue')).toEqual([expect.stringContaining('blue')]);
    expect(addressing.problems()).toEqual([]);
    expect(addressing.problems('green')).toEqual(['allocate from pool green: no such pool']);
  });

  it('adopts what records say, refuses a second owner, and keeps addresses that no pool has any more', () => {
    const addressing = open();
    const mine = { ipv4: { address: '10.0.0.20', pool: 'default' } };
    addressing.adopt('a', mine);
    expect(() => addressing.adopt('b', mine)).toThrow('belongs to a');
    const old = { ipv4: { address: '172.16.0.5', pool: 'gone' } };
    addressing.adopt('c', old);
    expect(addressing.ownerOf(old.ipv4)).toBe('c');
    addressing.release(old);
    expect(addressing.ownerOf(old.ipv4)).toBeUndefined();
  });

  const given = (...addresses: string[]) => addresses.map((address) => ({ address, pool: 'delegated' }));

  it('takes over what another plugin gave, in the one text form, and frees it again', () => {
    const addressing = open();
    const taken = addressing.accept('a', given('10.9.0.5', 'FD09:0::5'));
    expect(taken).toEqual({ ipv4: { address: '10.9.0.5', pool: 'delegated' }, ipv6: { address: 'fd09::5', pool: 'delegated' } });
    expect(() => addressing.accept('b', given('fd09:0::5'))).toThrow('accept fd09::5: it belongs to a');
    addressing.release(taken);
    expect(addressing.accept('b', given('fd09::5')).ipv6?.address).toBe('fd09::5');
  });

  it('refuses addresses in use, of a family that is off, or two of one family, and takes none of them then', () => {
    const addressing = open();
    const [free, router] = ['10.9.0.5', addressing.routers.ipv4 ?? ''];
    expect(() => addressing.accept('a', given(router))).toThrow('belongs to router');
    expect(() => addressing.accept('a', given(free, '10.9.0.6'))).toThrow('a second IPv4 address');
    expect(addressing.ownerOf({ address: free, pool: 'delegated' })).toBeUndefined();
    const single = open({ mode: 'cluster-pool', pools: [{ name: 'default', ipv4: { cidrs: ['10.0.0.0/29'], maskSize: 29 } }] });
    expect(() => single.accept('a', given('fd09::5'))).toThrow('IPv6 is not enabled');
  });

  it('passes by an address of its own range that another plugin gave, also after a restart', () => {
    const pools = [{ name: 'default', ipv4: { cidrs: ['10.0.0.0/29'], maskSize: 29 } }];
    const addressing = open({ mode: 'cluster-pool', pools });
    const [first] = [addressing.allocate(demand()).ipv4?.address ?? ''];
    const next = addressing.allocate(demand()).ipv4?.address ?? '';
    const again = open({ mode: 'cluster-pool', pools });
    again.adopt('other', { ipv4: { address: next, pool: 'delegated' } });
    expect([1, 2, 3, 4].map(() => again.allocate(demand()).ipv4?.address)).not.toContain(next);
    expect(() => again.allocate(demand({ addresses: [next] }))).toThrow(/belongs to other|range is full/);
    expect(first).not.toBe(next);
  });
});

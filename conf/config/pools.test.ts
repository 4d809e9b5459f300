import { describe, expect, it } from 'vitest';
import { defaultConfig } from './defaults.ts';
import { isSelectedDevice } from './devices.ts';
import { nearest } from './nearest.ts';
import { parseConfig } from './parse.ts';
import { nodePools } from './pools.ts';

describe('nodePools', () => {
  it('of the defaults has the IPv4 half of the cluster pool', () => {
    expect(nodePools(defaultConfig)).toEqual({
      mode: 'cluster-pool',
      pools: [{ name: 'default', ipv4: { cidrs: ['10.0.0.0/8'], maskSize: 24 } }],
      excluded: [],
    });
  });

  it('of multi-pool has the pools by name, less a family that is off', () => {
    const family = { cidrs: 'fd01::/64', maskSize: 80 };
    const { config } = parseConfig({
      ipam: {
        mode: 'multi-pool',
        maxBlocksPerNode: 2,
        excludedAddresses: '10.0.0.5-10.0.0.9',
        operator: {
          autoCreateCiliumPodIPPools: { default: { ipv4: { cidrs: '10.0.0.0/16', maskSize: 28 }, ipv6: family }, six: { ipv6: family } },
        },
      },
    });
    expect(nodePools(config)).toEqual({
      mode: 'multi-pool',
      pools: [{ name: 'default', ipv4: { cidrs: ['10.0.0.0/16'], maskSize: 28 } }, { name: 'six' }],
      excluded: ['10.0.0.5-10.0.0.9'],
      maxBlocks: 2,
    });
  });
});

describe('isSelectedDevice', () => {
  it.each([
    ['eth0', true],
    ['eth1', false],
    ['ens5', true],
    ['xens5', false],
  ])('%s is %s', (name, selected) => {
    expect(isSelectedDevice(['eth0', 'ens+'], name)).toBe(selected);
  });
});

describe('nearest', () => {
  it.each([
    ['ipma', 'ipam'],
    ['IPAM', 'ipam'],
    ['zebra', undefined],
    ['ipv', 'ipv4'],
  ])('%s means %s', (word, meant) => {
    expect(nearest(word, ['ipam', 'ipv4', 'ipv6', 'routingMode'])).toBe(meant);
  });
});

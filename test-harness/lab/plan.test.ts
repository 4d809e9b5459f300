import { describe, expect, it } from 'vitest';
import { DEFAULT_LINK_POOLS, podNetworksAt, subnetsAt } from './plan.ts';

describe('an address plan', () => {
  it.each([
    [0, ['198.18.0.0/24', '2001:db8::/64']],
    [10, ['198.18.10.0/24', '2001:db8:a::/64']],
    [300, ['198.19.44.0/24', '2001:db8:12c::/64']],
  ])('numbers link %i', (n, subnets) => {
    expect(subnetsAt(DEFAULT_LINK_POOLS, n)).toEqual(subnets);
  });

  it('cuts a site into its /64 networks, and gives out a small pool whole', () => {
    expect(subnetsAt(['fd00:10:244::/48'], 3)).toEqual(['fd00:10:244:3::/64']);
    expect(subnetsAt(['192.0.2.64/28'], 0)).toEqual(['192.0.2.64/28']);
  });

  it('gives a node its pod networks with their gateways', () => {
    expect(podNetworksAt(['10.244.0.0/16'], 2)).toEqual([{ subnet: '10.244.2.0/24', gateway: '10.244.2.1' }]);
  });

  it('says when a pool is used up', () => {
    expect(() => subnetsAt(['10.0.0.0/23'], 2)).toThrow('take subnet 2 of 10.0.0.0/23: it has no more');
  });
});

import { describe, expect, it } from 'vitest';
import { apiVersionOf } from './kind.ts';
import { allKinds, findKind, kindOf, kindsOfCategory, nearestKind } from './registry.ts';

describe('findKind', () => {
  it.each([
    ['cnp', 'CiliumNetworkPolicy'],
    ['CiliumNetworkPolicy', 'CiliumNetworkPolicy'],
    ['ciliumnetworkpolicies', 'CiliumNetworkPolicy'],
    ['ciliumnetworkpolicies.cilium.io', 'CiliumNetworkPolicy'],
    ['PO', 'Pod'],
    ['ippools', 'CiliumLoadBalancerIPPool'],
    ['ciliumid', 'CiliumIdentity'],
  ])('%s is %s', (word, kind) => {
    expect(findKind(word)?.kind).toBe(kind);
  });

  it('knows no kind by another name, and says which is near', () => {
    expect(findKind('ciliumnodez')).toBeUndefined();
    expect(nearestKind('ciliumnodez')).toBe('ciliumnodes');
    expect(nearestKind('x')).toBeUndefined();
  });

  it('no name leads to two kinds', () => {
    const names = allKinds.flatMap(({ plural, singular, shortNames }) => [plural, singular, ...shortNames]);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('kindOf', () => {
  it.each(allKinds.map((kind) => [apiVersionOf(kind), kind.kind, kind] as const))('finds %s %s', (apiVersion, name, kind) => {
    expect(kindOf(apiVersion, name)).toBe(kind);
  });

  it('finds older versions, and no others', () => {
    expect(kindOf('cilium.io/v2alpha1', 'CiliumCIDRGroup')?.version).toBe('v2');
    expect(kindOf('cilium.io/v2alpha1', 'CiliumNode')).toBeUndefined();
  });
});

describe('kindsOfCategory', () => {
  it('gives the kinds that kubectl get cilium lists', () => {
    expect(kindsOfCategory('cilium')).toHaveLength(9);
    expect(kindsOfCategory('ciliumpolicy').map(({ kind }) => kind)).toEqual(['CiliumClusterwideNetworkPolicy', 'CiliumNetworkPolicy']);
  });
});

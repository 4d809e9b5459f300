import { describe, expect, it } from 'vitest';
import { immutableProblems } from './immutable.ts';
import { ciliumPodIPPool } from './kinds/cilium-pod-ip-pool.ts';

const pool = (maskSize: number, cidrs: string[] = ['10.0.0.0/16']) => ({ spec: { ipv4: { cidrs, maskSize } } });

describe('immutableProblems', () => {
  it('names a field that keeps the value of its creation', () => {
    expect(immutableProblems(ciliumPodIPPool, pool(28), pool(29))).toEqual([
      { path: ['spec', 'ipv4', 'maskSize'], reason: 'cannot be changed from 28 to 29' },
    ]);
  });

  it('lets everything else change', () => {
    expect(immutableProblems(ciliumPodIPPool, pool(28), pool(28, ['10.0.0.0/16', '10.1.0.0/16']))).toEqual([]);
    expect(immutableProblems(ciliumPodIPPool, { spec: {} }, pool(28))).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { compare, comparisonOf } from './compare.ts';

describe('a paired comparison', () => {
  it('takes turns, changes who is first, and does not count the warm-up', async () => {
    const order: string[] = [];
    const told: number[] = [];
    const trial = (name: string, value: number) => () => {
      order.push(name);
      return order.length <= 2 ? 1000 : value;
    };
    const result = await compare(trial('a', 2), trial('b', 4), { rounds: 3, warmup: 1, onRound: (done) => told.push(done) });
    expect(order.join(' ')).toBe('b a a b b a a b');
    expect(result).toMatchObject({ a: [2, 2, 2], b: [4, 4, 4], ratio: 0.5, interval: [0.5, 0.5] });
    expect(told).toEqual([1, 2, 3]);
  });

  it('is not moved by a drift that both sides meet', async () => {
    let now = 1;
    const drifting = (base: number) => () => {
      now += 0.2;
      return base * now;
    };
    const { ratio, interval } = await compare(drifting(1), drifting(2), { rounds: 20 });
    expect(Math.abs(ratio - 0.5)).toBeLessThan(0.05);
    expect(interval[0]).toBeLessThan(0.5);
    expect(interval[1]).toBeGreaterThan(0.5);
  });

  it('compares medians, so that one outlier does not decide', () => {
    expect(comparisonOf([1, 1, 100], [2, 2, 2])).toMatchObject({ ratio: 0.5, summaries: { a: { median: 1, max: 100 } } });
  });

  it('needs as many values of both', async () => {
    expect(() => comparisonOf([1], [1, 2])).toThrow('compare 1 with 2 values');
    await expect(
      compare(
        () => 1,
        () => 1,
        { rounds: 0 },
      ),
    ).rejects.toMatchObject({ code: 'NO_VALUES' });
  });

  it('passes a failure on', async () => {
    const fail = () => Promise.reject(new Error('no path'));
    await expect(compare(fail, () => 1)).rejects.toThrow('no path');
  });
});

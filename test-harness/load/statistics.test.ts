import { describe, expect, it } from 'vitest';
import { median, quantile, ratioInterval, summarize } from './statistics.ts';

describe('statistics', () => {
  it('give quantiles that were measured', () => {
    expect([quantile([5, 1, 4, 2, 3], 0.95), quantile([5, 1, 4, 2, 3], 0), median([4, 1, 3, 2])]).toEqual([5, 1, 2]);
  });

  it('sum up in numbers, not in letters', () => {
    const values = Float64Array.from({ length: 200 }, (_, i) => i + 1);
    expect(summarize(values)).toEqual({ count: 200, min: 1, median: 100, p90: 180, p95: 190, p99: 198, max: 200, mean: 100.5 });
    expect(median([10, 9, 100])).toBe(10);
  });

  it('refuse to sum up nothing', () => {
    expect(() => median([])).toThrow(expect.objectContaining({ code: 'NO_VALUES', message: 'take a quantile: no values' }));
    expect(() => summarize([])).toThrow('no values');
  });

  it('bound a ratio: narrowly for steady values, widely for wild ones, always the same', () => {
    const steady = Array.from({ length: 20 }, (_, i) => 100 + (i % 3));
    const half = steady.map((value) => value * 2);
    const wild = steady.map((value, i) => value * (i % 2 === 0 ? 1 : 4));
    const [low, high] = ratioInterval(steady, half);
    expect(low).toBeGreaterThan(0.48);
    expect(high).toBeLessThan(0.52);
    const [wildLow, wildHigh] = ratioInterval(wild, half);
    expect(wildHigh - wildLow).toBeGreaterThan(0.5);
    expect(ratioInterval(wild, half)).toEqual([wildLow, wildHigh]);
  });
});

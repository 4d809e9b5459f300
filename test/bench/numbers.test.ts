import { expect, test } from 'vitest';
import { compare, median, quantile } from './numbers.ts';

test('a quantile is a value that was measured', () => {
  expect(quantile([5, 1, 4, 2, 3], 0.95)).toBe(5);
  expect(quantile([5, 1, 4, 2, 3], 0)).toBe(1);
  expect(median([4, 1, 3, 2])).toBe(2);
});

test('nothing measured is an error, not a zero', () => {
  expect(() => median([])).toThrow('no values');
});

test('a ratio compares medians, so that one outlier does not decide', () => {
  expect(compare('ADD', 'ms', [1, 1, 100], { name: 'ptp', values: [2, 2, 2] }).ratio).toBe(0.5);
});

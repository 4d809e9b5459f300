import { describe, expect, it } from 'vitest';
import { digits, goalText, medianAtMost, type Row, ratioAtLeast, ratioAtMost, read, spreadAtMost, table } from './row.ts';

const add: Row = { id: 'add', what: 'ADD', unit: 'ms', values: [1, 1, 1], beside: { what: 'ptp', values: [2, 2, 2] } };

describe('a row', () => {
  it('shows medians, the ratio and how sure it is, the goal and whether it holds', () => {
    const [, , row] = table([read({ ...add, goal: ratioAtMost(0.6) })]).split('\n');
    expect(row).toBe('| ADD | 1.00 | | | ms | ptp | 2.00 | 0.50 (0.50 to 0.50) | ≤ 0.600 × | ✓ |');
  });

  it('stands alone as well', () => {
    const [, , row] = table([read({ id: 'memory', what: 'memory', unit: 'MB', values: [90], goal: medianAtMost(80) })]).split('\n');
    expect(row).toBe('| memory | 90.0 | | | MB | | | | ≤ 80.0 MB | ✗ |');
  });

  it.each([
    ['a ratio that is small enough', ratioAtMost(0.5), true],
    ['one that is too great', ratioAtMost(0.4), false],
    ['one that is great enough', ratioAtLeast(0.5), true],
    ['one that is too small', ratioAtLeast(0.6), false],
    ['an own value', medianAtMost(1), true],
    ['a narrow spread', spreadAtMost(3), true],
  ])('is held to its goal: %s', (_, goal, reached) => {
    expect(read({ ...add, goal }).reached).toBe(reached);
  });

  it('has no verdict without a goal, and says in words what a goal is', () => {
    expect(read(add)).not.toHaveProperty('reached');
    expect([ratioAtLeast(1), spreadAtMost(3)].map((goal) => goalText({ goal, unit: 'ms' }))).toEqual(['≥ 1.00 ×', '≤ 3.00 × median (p99)']);
  });

  it('shows a quantile only where there are values beyond it', () => {
    const cells = (count: number) =>
      table([read({ ...add, values: Array(count).fill(1), beside: { what: 'ptp', values: Array(count).fill(2) } })]).split('\n')[2];
    expect(cells(20)).toContain('| ADD | 1.00 | 1.00 | | ms |');
    expect(cells(100)).toContain('| ADD | 1.00 | 1.00 | 1.00 | ms |');
  });

  it('compares round with round', () => {
    expect(() => read({ ...add, beside: { what: 'ptp', values: [1] } })).toThrow('compare 3 with 1 values');
  });
});

it.each([
  [0.0421, '0.042'],
  [0.5, '0.500'],
  [4.567, '4.57'],
  [45.67, '45.7'],
  [4567, '4567'],
  [0, '0.000'],
])('numbers have three digits: %d is %s', (value, text) => {
  expect(digits(value)).toBe(text);
});

import { expect, test } from 'vitest';
import { load } from '../../test-harness/index.ts';
import { table } from './row.ts';

test('a row shows medians, the ratio and how sure it is', () => {
  const comparison = load.comparisonOf([1, 1, 1], [2, 2, 2]);
  const [, , row] = table([{ what: 'ADD', unit: 'ms', peer: 'ptp', comparison }]).split('\n');
  expect(row).toBe('| ADD | 1.00 | 1.00 | 2.00 | 0.50 (0.50 to 0.50) | ms | ptp |');
});

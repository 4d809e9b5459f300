import { expect, it } from 'vitest';
import { formatCounts, formatSummary, sum, withStatus } from './counts.ts';

it('a process that ended badly beside its tests is a failure', () => {
  expect(withStatus({ passed: 5, failed: 0, skipped: 3 }, 134)).toMatchObject({ failed: 1, failures: ['exit status 134'] });
  expect(withStatus({ passed: 5, failed: 2, skipped: 3 }, 1).failed).toBe(2);
});

it('sums are told in the plain words that runners of tests close with', () => {
  const all = [
    { passed: 5, failed: 0, skipped: 3 },
    { passed: 0, failed: 1, skipped: 0 },
  ];
  expect(formatCounts(sum(all))).toBe('5 passed, 1 failed, 3 skipped');
});

it('a summary names what was skipped and what failed, above its last line', () => {
  const failures = ['a.test.ts > a pod is reached: Error: no route', 'b.test.ts: Cannot find module'];
  const results = {
    unit: { passed: 5, failed: 2, skipped: 3, failures },
    soak: { passed: 0, failed: 0, skipped: 1, skipReason: 'no time' },
  };
  expect(formatSummary(results)).toBe(`
  unit 5 passed, 2 failed, 3 skipped
  soak 0 passed, 0 failed, 1 skipped
  skipped: soak: no time
  failed: unit: a.test.ts > a pod is reached: Error: no route
  failed: unit: b.test.ts: Cannot find module
5 passed, 2 failed, 4 skipped
`);
});

import { describe, expect, it } from 'vitest';
import { countsOf, formatCounts, formatSummary, sum, withStatus } from './counts.ts';

const report = (fields: object) =>
  JSON.stringify({ numPassedTests: 5, numFailedTests: 0, numPendingTests: 2, numTodoTests: 1, success: true, ...fields });

describe('the counts of a report', () => {
  it('are its own', () => {
    expect(countsOf(report({}))).toEqual({ passed: 5, failed: 0, skipped: 3, failures: [] });
    expect(countsOf(report({ numFailedTests: 2, success: false }))).toMatchObject({ passed: 5, failed: 2, skipped: 3 });
  });

  it.each([
    ['is missing', ''],
    ['is cut off', '{"numPassedTests": 5'],
    ['has a failure that is no test', report({ success: false })],
  ])('have a failure when it %s', (_, text) => {
    expect(countsOf(text).failed).toBe(1);
  });

  it('have a failure when the runner ended badly after it', () => {
    expect(withStatus(countsOf(report({})), 134).failed).toBe(1);
    expect(withStatus(countsOf(report({ numFailedTests: 2 })), 1).failed).toBe(2);
  });
});

it('sums are told in the plain words that runners of tests close with', () => {
  expect(formatCounts(sum([countsOf(report({})), countsOf('')]))).toBe('5 passed, 1 failed, 3 skipped');
});

it('a summary names what failed, above its last line', () => {
  const file = (name: string, fields: object) => ({ name: `${process.cwd()}/${name}`, status: 'failed', assertionResults: [], ...fields });
  const test = { status: 'failed', fullName: 'a pod is reached', failureMessages: ['Error: no route\n    at here'] };
  const testResults = [file('a.test.ts', { assertionResults: [test] }), file('b.test.ts', { message: 'Cannot find module' })];
  const counts = countsOf(report({ numFailedTests: 2, success: false, testResults }));
  expect(formatSummary({ unit: counts, soak: { passed: 1, failed: 0, skipped: 0 } })).toBe(`
  unit 5 passed, 2 failed, 3 skipped
  soak 1 passed, 0 failed, 0 skipped
  failed: unit: a.test.ts > a pod is reached: Error: no route
  failed: unit: b.test.ts: Cannot find module
6 passed, 2 failed, 3 skipped
`);
});

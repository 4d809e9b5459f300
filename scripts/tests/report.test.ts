import { describe, expect, it } from 'vitest';
import { countsOf, countsOfStopped, parseReport, type Report, slowest } from './report.ts';

const report = (fields: Partial<Report>): Report => ({
  ...{ passed: 5, failed: 0, skipped: 3, failures: [], files: [], isComplete: true, isStopped: false },
  ...fields,
});

describe('the counts of a run that ended by itself', () => {
  it('are those of its report', () => {
    expect(countsOf(report({}), 0)).toEqual({ passed: 5, failed: 0, skipped: 3, failures: [] });
    expect(countsOf(report({ failed: 2 }), 1)).toMatchObject({ passed: 5, failed: 2, skipped: 3 });
  });

  it.each([
    ['the report is missing', undefined, 0],
    ['the report is cut off', parseReport('{"passed": 5'), 0],
    ['the runner died before it had ended', report({ isComplete: false }), 0],
    ['the runner ended badly after its tests', report({}), 134],
  ])('have a failure when %s', (_, given, status) => {
    expect(countsOf(given, status)).toMatchObject({ failed: 1, failures: [expect.stringMatching(/status/)] });
  });

  it('have no failure when the budget stopped the run, although vitest then ends with status 1', () => {
    expect(countsOf(report({ isStopped: true }), 1).failed).toBe(0);
  });
});

describe('the counts of a run that the budget ended', () => {
  it('have the tests that ended, and as skipped all others of the record', () => {
    expect(countsOfStopped(report({ failed: 1, failures: ['x'] }), 100)).toEqual({ passed: 5, failed: 1, skipped: 94, failures: ['x'] });
  });

  it('skip no less than the run itself when there are more tests than recorded', () => {
    expect(countsOfStopped(report({}), 2).skipped).toBe(3);
  });

  it('are all skipped when nothing was reported', () => {
    expect(countsOfStopped(undefined, 100)).toMatchObject({ passed: 0, failed: 0, skipped: 100 });
  });
});

it('the slowest files of all levels come first', () => {
  const files = [
    { path: 'a', seconds: 2 },
    { path: 'b', seconds: 5 },
  ];
  expect(slowest([report({ files }), report({ files: [{ path: 'c', seconds: 3 }] })], 2)).toEqual([
    { path: 'b', seconds: 5 },
    { path: 'c', seconds: 3 },
  ]);
});

import { expect, it } from 'vitest';
import { estimateOf } from './budget.ts';
import { staleRecords } from './record.ts';

it('a record is stale when a level has another number of tests, and a few more or less do not matter', () => {
  const { tests, seconds } = estimateOf('unit');
  expect(staleRecords({ unit: { tests: Math.round(tests * 1.05), seconds: 10 * seconds } })).toEqual([]);
  expect(staleRecords({ unit: { tests: tests * 2, seconds } })).toEqual([
    `unit has ${tests * 2} tests, recorded are ${tests}: renew with npm test -- --record`,
  ]);
});

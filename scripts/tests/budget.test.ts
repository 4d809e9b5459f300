import { describe, expect, it } from 'vitest';
import { cells, nameOf } from '../kernels/matrix.ts';
import { Budget, estimateOf, reasonToSkip, slownessOf } from './budget.ts';
import { keyedLevels } from './keyed.ts';

const estimate = { tests: 100, seconds: 600 };
const whole = { estimate, slowness: 1, left: 600, isDivisible: false };

describe('the slowness of a machine', () => {
  it('is what parts took, all together, by what is recorded of them', () => {
    expect(slownessOf([])).toBe(1);
    expect(
      slownessOf([
        { recorded: 60, took: 30 },
        { recorded: 40, took: 270 },
      ]),
    ).toBe(3);
  });

  it('is not judged by parts of which nothing is recorded', () => {
    expect(slownessOf([{ recorded: 0, took: 30 }])).toBe(1);
  });
});

describe('a part', () => {
  it('is run when all of it fits', () => {
    expect(reasonToSkip(whole)).toBeUndefined();
  });

  it('is skipped when it does not, and the reason says how long it would have taken', () => {
    expect(reasonToSkip({ ...whole, slowness: 1.5 })).toBe(
      'needs some 15 min (recorded 10 min, this machine takes 1.5 times as long), the budget has 10 min left',
    );
  });

  it('is begun when a fifth of it fits and its tests can be counted one by one', () => {
    expect(reasonToSkip({ ...whole, slowness: 5, isDivisible: true })).toBeUndefined();
    expect(reasonToSkip({ ...whole, slowness: 5.1, isDivisible: true })).toMatch(/budget has 10 min left/);
  });

  it('is never begun when the budget has ended, whatever it takes', () => {
    const nothing = { tests: 1, seconds: 0 };
    expect(reasonToSkip({ ...whole, estimate: nothing, left: 0, isDivisible: true })).toMatch(/the budget has 0 s left/);
    expect(reasonToSkip({ ...whole, estimate: nothing, left: -5 })).toMatch(/the budget has 0 s left/);
  });
});

describe('a budget', () => {
  const begun = (minutes: number) => Date.now() - minutes * 60_000;

  it('is counted from its beginning, keeps time for tests that end by themselves, and some to end the others', () => {
    const { untilStop, untilKill } = new Budget(75, begun(30));
    expect(untilStop).toBeCloseTo((75 * 0.95 - 30) * 60, -1);
    expect(untilKill).toBeCloseTo((75 * 0.985 - 30) * 60, -1);
  });

  it('skips nothing when there is none', () => {
    expect(new Budget(undefined, begun(1000)).reasonToSkip('netns', false)).toBeUndefined();
  });

  it('judges a part by the machine: what fits on a fast one is skipped on a slow one', () => {
    const budget = new Budget(75, begun(45));
    expect(budget.reasonToSkip('soak', false)).toBeUndefined();
    const { tests, seconds } = estimateOf('unit');
    budget.measured('unit', { passed: tests, failed: 0, skipped: 0 }, 20 * seconds);
    expect(budget.reasonToSkip('soak', false)).toMatch(/this machine takes 20\.0 times as long/);
    expect(budget.record).toEqual({ unit: { tests, seconds: Math.round(20 * seconds) } });
  });
});

it('every part that a budget may have to skip has a record', () => {
  const parts = ['static', 'unit', 'prog', 'netns', 'chaos', 'runtime', 'bench', 'soak', ...keyedLevels, 'vm'];
  for (const name of [...parts, ...cells(undefined, undefined).map(nameOf)]) expect(estimateOf(name).seconds, name).toBeGreaterThan(0);
});

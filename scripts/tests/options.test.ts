import { expect, it } from 'vitest';
import { optionsOf } from './options.ts';

it('the arguments of npm test are switches and filters', () => {
  expect(optionsOf(['--soak', 'ipam', '--budget', '75', 'netns'], {})).toMatchObject({
    filters: ['ipam', 'netns'],
    soak: true,
    kernels: false,
    budgetMinutes: 75,
  });
});

it('a budget comes from the environment too, and there is none unless asked for', () => {
  expect(optionsOf([], { AXONEME_BUDGET_MINUTES: '20' }).budgetMinutes).toBe(20);
  expect(optionsOf(['--budget', '30'], { AXONEME_BUDGET_MINUTES: '20' }).budgetMinutes).toBe(30);
  expect(optionsOf([], {}).budgetMinutes).toBeUndefined();
});

it('bad arguments are refused with their name', () => {
  expect(() => optionsOf(['--budget', 'an hour'], {})).toThrow('--budget an hour: use a number of minutes above 0');
  expect(() => optionsOf([], { AXONEME_BUDGET_MINUTES: '0' })).toThrow('AXONEME_BUDGET_MINUTES 0: use');
  expect(() => optionsOf(['--kernel'], {})).toThrow("Unknown option '--kernel'");
});

import { describe, expect, it } from 'vitest';
import { outcomeOfError, outcomeOfPing, Silence, WrongAnswer, withinTime } from './outcome.ts';

describe('an outcome', () => {
  it.each([
    ['ECONNREFUSED', 'refused'],
    ['ECONNRESET', 'refused'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    ['EACCES', 'unreachable'],
    ['ETIMEDOUT', 'timeout'],
    ['EMFILE', 'failed'],
  ] as const)('of %s is %s', (code, outcome) => {
    expect(outcomeOfError(Object.assign(new Error('words'), { code }))).toEqual({ outcome, reason: code });
  });

  it('tells a wrong answer and silence by their words', () => {
    expect(outcomeOfError(new WrongAnswer('status 500, not 200'))).toEqual({ outcome: 'wrong', reason: 'status 500, not 200' });
    expect(outcomeOfError(new Silence('timeout'))).toEqual({ outcome: 'timeout', reason: 'timeout' });
    expect(outcomeOfError(new Error('odd'))).toEqual({ outcome: 'failed', reason: 'odd' });
  });

  it.each([
    ['Destination Port Unreachable', 'refused'],
    ['Destination unreachable: Port unreachable', 'refused'],
    ['Destination Host Unreachable', 'unreachable'],
    ['Destination unreachable: No route', 'unreachable'],
    ['Packet filtered', 'unreachable'],
    ['timeout', 'timeout'],
    ['Time to live exceeded', 'failed'],
  ] as const)('of ping saying %s is %s', (words, outcome) => {
    expect(outcomeOfPing(words)).toBe(outcome);
  });
});

it('a promise in time is itself, one that is late is silence, and ends what it waits for', async () => {
  let ended = false;
  expect(await withinTime(Promise.resolve(7), 1000)).toBe(7);
  await expect(withinTime(Promise.reject(new Error('own')), 1000)).rejects.toThrow('own');
  const late = withinTime(new Promise(() => undefined), 10, () => {
    ended = true;
  });
  await expect(late).rejects.toMatchObject({ code: 'timeout' });
  expect(ended).toBe(true);
});

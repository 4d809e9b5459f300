import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

test('lets so many through at a time, in order, whether they fail or not', async () => {
  const gate = new Gate(2);
  const begun: string[] = [];
  const atOnce: number[] = [];
  let inside = 0;
  const enter = (name: string) =>
    gate.pass(async () => {
      begun.push(name);
      atOnce.push(++inside);
      await turn();
      inside -= 1;
      if (name === 'a') throw new Error('a fails');
    });
  const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map(enter));
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(Math.max(...atOnce)).toBe(2);
});

import { expect, test } from 'vitest';
import { statesOf } from './states.ts';

test('a state is what lies between two steps that do work, however many moments are in it', () => {
  const states = statesOf([['connect.routes', ['complete.record', 'file.write', 'file.rename']], ['file.write']]);
  expect(states.map((moments) => moments.map(({ step, phase, nth }) => `${phase} ${step} ${nth}`))).toEqual([
    ['before connect.routes 1'],
    ['after connect.routes 1', 'before complete.record 1', 'before file.write 1'],
    ['after file.write 1', 'before file.rename 1'],
    ['after file.rename 1', 'after complete.record 1'],
    ['before file.write 2'],
    ['after file.write 2'],
  ]);
  expect(states[1]?.map(({ previous }) => previous?.step)).toEqual([undefined, 'connect.routes', 'complete.record']);
});

import { expect, test } from 'vitest';
import { isAfter, type Moment } from './moment.ts';

const wall = (day: number, boot?: Moment['boot']): Moment => ({ wall: `2026-01-0${day}T00:00:00.000Z`, boot });
const at = (us: number, bootId = 'now') => ({ bootId, us });

test.each([
  ['a clock set back between the two', wall(1, at(20)), wall(2, at(10)), true],
  ['a clock set forward between the two', wall(2, at(10)), wall(1, at(20)), false],
  ['the same time', wall(1, at(10)), wall(1, at(10)), false],
  ['a boot in between', wall(1, at(5)), wall(2, at(900, 'before')), true],
  ['a boot in between, the other way round', wall(2, at(900, 'before')), wall(1, at(5)), false],
  ['two boots before', wall(2, at(1, 'x')), wall(1, at(2, 'y')), true],
  ['a record of an older version', wall(2, at(1)), wall(1), true],
  ['two of an older version', wall(1), wall(2), false],
])('%s', (_what, a, b, after) => expect(isAfter(a, b, 'now')).toBe(after));

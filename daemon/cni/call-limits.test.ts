import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CallGates } from './call-limits.ts';

/** Pieces of work that end when they are told to, and what began, in order. */
function bench() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => () => {
    begun.push(name);
    return new Promise<void>((resolve) => ends.set(name, resolve));
  };
  const end = async (name: string) => {
    ends.get(name)?.();
    await turn();
  };
  return { begun, work, end };
}

test('a DEL begins at once behind a queue of ADDs, which go on two at a time until the DELs have ended', async () => {
  const gates = new CallGates();
  const { begun, work, end } = bench();
  const adds = Array.from({ length: 40 }, (_, n) => `add${n}`);
  const all = adds.map((name) => gates.add(work(name)));
  expect(begun).toEqual(adds.slice(0, 16));
  all.push(gates.del(work('del')));
  expect(begun.at(-1)).toBe('del');
  for (const name of adds.slice(0, 14)) await end(name);
  expect(begun.length, 'two work, none comes').toBe(17);
  await end('add14');
  expect(begun.at(-1)).toBe('add16');
  await end('del');
  expect(begun.length, 'sixteen work').toBe(1 + 15 + 16);
  for (const name of adds) await end(name);
  await Promise.all(all);
  expect(begun.filter((name) => name !== 'del')).toEqual(adds);
});

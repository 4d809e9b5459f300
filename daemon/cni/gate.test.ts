import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CallGates, Gate } from './gate.ts';

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

test('lets so many in at a time, in order, and gives a place on also after a failure', async () => {
  const gate = new Gate(() => 2);
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const work = (n: number) => async () => {
    begun.push(n);
    most = Math.max(most, ++running);
    await turn();
    running -= 1;
    if (n === 1) throw new Error('fails');
    return n;
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map((n) => gate.pass(work(n))));
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(2);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
});

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

import { expect, test } from 'vitest';
import { withUndo } from './undo.ts';

test('takes nothing back when the work succeeds', async () => {
  const undone: string[] = [];
  const answer = await withUndo(async (undo) => {
    undo.defer('a', async () => undone.push('a'));
    return 5;
  });
  expect([answer, undone]).toEqual([5, []]);
});

test('throws the very error of the work when everything was taken back', async () => {
  const error = new Error('work');
  const undone: string[] = [];
  const run = withUndo(async (undo) => {
    undo.defer('a', async () => undone.push('a'));
    undo.defer('b', async () => undone.push('b'));
    throw error;
  });
  await expect(run).rejects.toBe(error);
  expect(undone).toEqual(['b', 'a']);
});

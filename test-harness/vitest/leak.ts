import { diff, formatChanges } from '../snapshot/diff.ts';
import { type Snapshot, snapshot } from '../snapshot/snapshot.ts';
import { subjectOf, type Verdict } from './subject.ts';

/** Is everything as it was when `before` was taken? Looks at the same things as that snapshot did. */
export async function toLeakNothing(received: unknown, before: Snapshot): Promise<Verdict> {
  const at = subjectOf(received, 'toLeakNothing');
  const changes = diff(before, await snapshot(at, before.options));
  return {
    pass: changes.length === 0,
    message: () =>
      changes.length === 0
        ? `expected ${at.place.name} to have changed since the snapshot; it has not`
        : `expected ${at.place.name} to be as before (+ left behind, - missing, ~ changed)\n${formatChanges(changes)}`,
  };
}

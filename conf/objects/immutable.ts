import { isDeepStrictEqual } from 'node:util';
import type { FoundProblem } from './check.ts';
import type { Kind } from './kind.ts';
import { isImmutable } from './schema/rules.ts';
import { fieldsOf, isTree } from './schema/walk.ts';

/** Fields that keep the value of their creation and would change. An object that is written for the first time has none. */
export function immutableProblems(kind: Kind, before: unknown, after: unknown): FoundProblem[] {
  const found: FoundProblem[] = [];
  compare(kind.schema, before, after, [], found);
  return found;
}

function compare(schema: Kind['schema'], before: unknown, after: unknown, path: readonly string[], found: FoundProblem[]): void {
  if (before === undefined || after === undefined) return;
  if (isImmutable(schema) && !isDeepStrictEqual(before, after)) {
    found.push({ path, reason: `cannot be changed from ${JSON.stringify(before)} to ${JSON.stringify(after)}` });
  }
  if (!isTree(before) || !isTree(after)) return;
  for (const [name, field] of Object.entries(fieldsOf(schema) ?? {})) compare(field, before[name], after[name], [...path, name], found);
}

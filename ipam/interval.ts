/** Numbers from `first` to `last`, both included; never empty. */
export interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

/** True when the two share a number. */
export function overlaps(a: Interval, b: Interval): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** The same numbers in ascending order, without overlaps; neighbours are joined. */
export function merge(intervals: readonly Interval[]): Interval[] {
  const sorted = [...intervals].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const merged: Interval[] = [];
  for (const next of sorted) {
    const last = merged.at(-1);
    if (!last || next.first > last.last + 1n) merged.push(next);
    else if (next.last > last.last) merged[merged.length - 1] = { first: last.first, last: next.last };
  }
  return merged;
}

/** What is left of `whole` without `holes`, which must be merged (ascending, apart). */
export function subtract(whole: Interval, holes: readonly Interval[]): Interval[] {
  const rest: Interval[] = [];
  let first = whole.first;
  for (const hole of holes) {
    if (hole.last < first) continue;
    if (hole.first > whole.last) break;
    if (hole.first > first) rest.push({ first, last: hole.first - 1n });
    first = hole.last + 1n;
  }
  if (first <= whole.last) rest.push({ first, last: whole.last });
  return rest;
}

/** How many numbers the intervals hold; they must be merged. */
export function count(intervals: readonly Interval[]): bigint {
  return intervals.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
}

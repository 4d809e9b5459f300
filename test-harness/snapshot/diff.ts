import { HarnessError } from '../errors.ts';
import type { Section } from './describe.ts';
import type { Snapshot } from './snapshot.ts';

/** One difference between two snapshots. */
export interface Change {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly section: string;
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
}

/** What is different in `after`, section by section, in the order of the sections. */
export function diff(before: Snapshot, after: Snapshot): Change[] {
  const names = new Set([...before.sections.keys(), ...after.sections.keys()]);
  return [...names].flatMap((name) => diffSection(name, before.sections.get(name) ?? new Map(), after.sections.get(name) ?? new Map()));
}

function diffSection(section: string, before: Section, after: Section): Change[] {
  const changes: Change[] = [];
  for (const [name, value] of before) {
    const now = after.get(name);
    if (now === undefined) changes.push({ kind: 'removed', section, name, before: value });
    else if (now !== value) changes.push({ kind: 'changed', section, name, before: value, after: now });
  }
  for (const [name, value] of after) if (!before.has(name)) changes.push({ kind: 'added', section, name, after: value });
  return changes;
}

/** One line per change: `+ link lxc1a2b  kind veth, mtu 1500`, `- ...`, `~ ... before → after`. */
export function formatChanges(changes: readonly Change[]): string {
  const mark = { added: '+', removed: '-', changed: '~' } as const;
  return changes
    .map(({ kind, section, name, before, after }) => {
      const value = kind === 'changed' ? `${before} → ${after}` : (after ?? before ?? '');
      return `${mark[kind]} ${section} ${name}  ${value}`.trimEnd();
    })
    .join('\n');
}

/** Throws NOT_CLEAN with the list of differences unless both snapshots are equal: for "nothing leaks". */
export function expectNoChange(before: Snapshot, after: Snapshot): void {
  const changes = diff(before, after);
  if (changes.length === 0) return;
  throw new HarnessError(
    'NOT_CLEAN',
    `compare ${after.of} with an earlier state: ${changes.length} differences\n${formatChanges(changes)}`,
  );
}

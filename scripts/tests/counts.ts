/** Tests of a level or suite. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What failed and why, a line each, as far as the runner told. */
  readonly failures?: readonly string[];
  /** Why tests were skipped that this run was asked for: a line for the summary. */
  readonly skipReason?: string;
}

export const none: Counts = { passed: 0, failed: 0, skipped: 0 };

export const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

/** The counts with those of a process that must also have ended well. */
export function withStatus(counts: Counts, status: number): Counts {
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1, failures: [`exit status ${status}`] } : counts;
}

export function sum(all: Iterable<Counts>): Counts {
  const total = { ...none };
  for (const { passed, failed, skipped } of all) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/** `12 passed, 0 failed, 3 skipped` */
export const formatCounts = ({ passed, failed, skipped }: Counts): string => `${passed} passed, ${failed} failed, ${skipped} skipped`;

/** A line for each, then what was skipped and what failed, and the sum alone on the last line: the end of a log is enough to see what there is to do. */
export function formatSummary(results: Readonly<Record<string, Counts>>): string {
  const width = Math.max(...Object.keys(results).map((name) => name.length));
  const all = Object.entries(results);
  const levels = all.map(([name, counts]) => `  ${name.padEnd(width)} ${formatCounts(counts)}`);
  const skips = all.flatMap(([name, { skipReason }]) => (skipReason === undefined ? [] : [`  skipped: ${name}: ${skipReason}`]));
  const failures = all.flatMap(([name, counts]) => (counts.failures ?? []).map((failure) => `  failed: ${name}: ${failure}`));
  return `\n${[...levels, ...skips, ...failures, formatCounts(sum(Object.values(results)))].join('\n')}\n`;
}

export const printSummary = (results: Readonly<Record<string, Counts>>): void => void process.stdout.write(formatSummary(results));

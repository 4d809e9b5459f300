/** Tests of a level or suite. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const none: Counts = { passed: 0, failed: 0, skipped: 0 };

/** What vitest's JSON report counts. A runner that died before it could report, or that failed beside its tests, counts as one failure. */
export function countsOf(report: string): Counts {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, success } = JSON.parse(report);
    const failed = numFailedTests === 0 && !success ? 1 : numFailedTests;
    return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests };
  } catch {
    return { ...none, failed: 1 };
  }
}

/** The counts with those of a process that must also have ended well. */
export function withStatus(counts: Counts, status: number): Counts {
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
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

/** A line for each, and the sum alone on the last one. */
export function printSummary(results: Readonly<Record<string, Counts>>): void {
  const width = Math.max(...Object.keys(results).map((name) => name.length));
  const lines = Object.entries(results).map(([name, counts]) => `  ${name.padEnd(width)} ${formatCounts(counts)}`);
  process.stdout.write(`\n${lines.join('\n')}\n${formatCounts(sum(Object.values(results)))}\n`);
}

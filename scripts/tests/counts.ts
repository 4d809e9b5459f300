import { relative } from 'node:path';

/** Tests of a level or suite. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What failed and why, a line each, as far as the runner told. */
  readonly failures?: readonly string[];
}

interface Assertion {
  readonly status: string;
  readonly fullName: string;
  readonly failureMessages?: readonly string[];
}

interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly message?: string;
  readonly assertionResults: readonly Assertion[];
}

export const none: Counts = { passed: 0, failed: 0, skipped: 0 };

/** What vitest's JSON report counts. A runner that died before it could report, or that failed beside its tests, counts as one failure. */
export function countsOf(report: string): Counts {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, success, testResults = [] } = JSON.parse(report);
    const failed = numFailedTests === 0 && !success ? 1 : numFailedTests;
    return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests, failures: testResults.flatMap(failuresOf) };
  } catch {
    return { ...none, failed: 1 };
  }
}

/** The failed tests of a file, or the file itself when it failed outside of its tests. */
function failuresOf({ name, status, message = '', assertionResults }: TestFile): string[] {
  const path = relative(process.cwd(), name);
  const tests = assertionResults.filter((test) => test.status === 'failed');
  if (tests.length === 0) return status === 'failed' ? [`${path}: ${firstLine(message)}`] : [];
  return tests.map(({ fullName, failureMessages = [] }) => `${path} > ${fullName}: ${firstLine(failureMessages[0] ?? '')}`);
}

export const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

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

/** A line for each, then what failed, and the sum alone on the last one: who sees only the end of a log sees what there is to do. */
export function formatSummary(results: Readonly<Record<string, Counts>>): string {
  const width = Math.max(...Object.keys(results).map((name) => name.length));
  const all = Object.entries(results);
  const levels = all.map(([name, counts]) => `  ${name.padEnd(width)} ${formatCounts(counts)}`);
  const failures = all.flatMap(([name, counts]) => (counts.failures ?? []).map((failure) => `  failed: ${name}: ${failure}`));
  return `\n${[...levels, ...failures, formatCounts(sum(Object.values(results)))].join('\n')}\n`;
}

export const printSummary = (results: Readonly<Record<string, Counts>>): void => void process.stdout.write(formatSummary(results));

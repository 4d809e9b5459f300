import { type Counts, firstLine, none, withStatus } from './counts.ts';

/** What scripts/tests/reporter.ts writes while vitest runs. */
export interface Report {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** `path > test: reason`, a line each */
  readonly failures: readonly string[];
  /** files that ended, with the wall-clock seconds that each took */
  readonly files: readonly TimedFile[];
  /** vitest came to the end of its run; a report without it is of a runner that died or was killed */
  readonly isComplete: boolean;
  /** the run was stopped by {@link STOP_AFTER}: files that had not begun are missing */
  readonly isStopped: boolean;
}

export interface TimedFile {
  readonly path: string;
  readonly seconds: number;
}

/** Environment variable: the file that the reporter writes. */
export const REPORT_FILE = 'AXONEME_REPORT_FILE';

/** Environment variable: seconds from the start of vitest after which no further test begins. */
export const STOP_AFTER = 'AXONEME_STOP_AFTER';

/** The report in a file's text; undefined for one that is missing or cut off. */
export function parseReport(text: string): Report | undefined {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return undefined;
  }
}

/**
 * The counts of a run that ended by itself with `status`. A runner that died before it could report, or that failed beside its tests, counts as one
 * failure.
 */
export function countsOf(report: Report | undefined, status: number): Counts {
  if (report === undefined) return { ...none, failed: 1, failures: [`the runner ended with status ${status} and without a report`] };
  const { passed, failed, skipped, failures, isComplete, isStopped } = report;
  const counts = { passed, failed, skipped, failures };
  // vitest ends a stopped run with status 1
  if (isComplete && isStopped) return counts;
  return isComplete ? withStatus(counts, status) : withStatus(counts, status || 1);
}

/** The counts of a run that the budget ended, `expected` being the recorded number of tests: what did not end is skipped. */
export function countsOfStopped(report: Report | undefined, expected: number): Counts {
  const { passed, failed, failures } = report ?? { ...none, failures: [] };
  return { passed, failed, failures, skipped: Math.max(report?.skipped ?? 0, expected - passed - failed) };
}

/** One line of a failure in the summary. */
export const failureLine = (path: string, test: string | undefined, message: string | undefined): string =>
  `${path}${test === undefined ? '' : ` > ${test}`}: ${firstLine(message ?? 'no message')}`;

/** The slowest files of some reports, slowest first. */
export function slowest(reports: readonly Report[], most: number): TimedFile[] {
  return reports
    .flatMap(({ files }) => files)
    .sort((left, right) => right.seconds - left.seconds)
    .slice(0, most);
}

const MOST = 10;

/** Prints the ten slowest files: where time is to be won. */
export function printSlowest(reports: readonly Report[]): void {
  const rows = slowest(reports, MOST).map(({ path, seconds }) => `  ${seconds.toFixed(1).padStart(6)} s  ${path}`);
  if (rows.length > 0) process.stdout.write(`\nslowest files\n${rows.join('\n')}\n`);
}

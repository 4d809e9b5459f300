import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { project } from '../build/step.ts';
import { type Budget, estimateOf } from './budget.ts';
import { type Counts, none } from './counts.ts';
import { killRunner } from './kill-runner.ts';
import { countsOf, countsOfStopped, parseReport, REPORT_FILE, type Report, STOP_AFTER } from './report.ts';

const vitest = join(project, 'node_modules', 'vitest', 'vitest.mjs');

/** What our own reporter is for vitest's command line. */
export const reporter = `--reporter=${join(project, 'scripts/tests/reporter.ts')}`;

export interface LevelResult {
  readonly counts: Counts;
  /** undefined for a runner that died before it wrote any */
  readonly report: Report | undefined;
  /** every test ran */
  readonly isWhole: boolean;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Runs vitest on one level. Ctrl-C ends it through the terminal's process group, and the laboratories die with their processes. When the budget ends, no
 * further test begins; tests that hang beyond that are killed. What did not run counts as skipped, by the record.
 */
async function runLevel(level: string, filters: readonly string[], budget: Budget): Promise<LevelResult> {
  const file = join(project, '.cache', 'reports', `${level}.json`);
  rmSync(file, { force: true });
  mkdirSync(join(project, '.cache', 'reports'), { recursive: true });
  const stop = budget.isLimited ? { [STOP_AFTER]: String(Math.round(budget.untilStop)) } : {};
  const child = spawn(
    process.execPath,
    [vitest, 'run', `--project=${level}`, '--passWithNoTests', '--reporter=default', reporter, ...filters],
    {
      cwd: project,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, [REPORT_FILE]: file, ...stop },
    },
  );
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGTERM', pass).on('SIGINT', pass);
  let isKilled = false;
  const kill = () => {
    isKilled = true;
    killRunner(child.pid ?? 0);
  };
  const timer = budget.isLimited ? setTimeout(kill, budget.untilKill * 1000) : undefined;
  const status = await new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
  clearTimeout(timer);
  process.off('SIGTERM', pass).off('SIGINT', pass);
  return resultOf(parseReport(read(file)), status, isKilled, expectedOf(level, filters));
}

/** Tests that a run has, as far as it is recorded. */
const expectedOf = (level: string, filters: readonly string[]): number => (filters.length === 0 ? estimateOf(level).tests : 0);

function resultOf(report: Report | undefined, status: number, isKilled: boolean, expected: number): LevelResult {
  if (!isKilled && !report?.isStopped) return { counts: countsOf(report, status), report, isWhole: true };
  const counts = countsOfStopped(report, expected);
  const ended = counts.passed + counts.failed;
  const skipReason = `the budget ended after ${ended} tests${isKilled ? ', some of which hung and were killed' : ''}: ${counts.skipped} did not run`;
  return { counts: { ...counts, skipReason }, report, isWhole: false };
}

/** {@link runLevel} when the level fits into the budget. Says why when it does not; then its tests count as skipped. */
export async function runWithin(budget: Budget, level: string, filters: readonly string[]): Promise<LevelResult> {
  // what a filter leaves of a level is not recorded: it is begun, unless the budget has ended
  const skipReason = filters.length === 0 || budget.untilStop <= 0 ? budget.reasonToSkip(level, true) : undefined;
  if (skipReason !== undefined) {
    process.stdout.write(`  skipped: ${level}: ${skipReason}\n`);
    return { counts: { ...none, skipped: expectedOf(level, filters), skipReason }, report: undefined, isWhole: false };
  }
  const began = performance.now();
  const result = await runLevel(level, filters, budget);
  if (result.isWhole && filters.length === 0) budget.measured(level, result.counts, (performance.now() - began) / 1000);
  return result;
}

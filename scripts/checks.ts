import { spawnSync } from 'node:child_process';
import { project } from './build/step.ts';
import { Budget } from './tests/budget.ts';
import type { Counts } from './tests/counts.ts';

interface Check {
  readonly title: string;
  readonly command: readonly [string, ...string[]];
}

/** What holds without running anything: types, format and lint with the borders between folders, and promises that nobody awaits. */
const checks: readonly Check[] = [
  { title: 'types (tsc)', command: ['tsc', '-p', '.'] },
  { title: 'format, lint, borders between folders (biome)', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { title: 'floating promises, exhaustive switches (oxlint)', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  {
    title: 'C and C++ format (clang-format)',
    command: ['sh', '-c', 'git ls-files "*.c" "*.h" "*.cc" | xargs -r clang-format --dry-run --Werror'],
  },
];

/** Runs the static checks, prints a line each and the output of what failed. What the budget has no time for is skipped. */
export function runChecks(budget = new Budget(undefined, Date.now())): Counts {
  const failures: string[] = [];
  const began = performance.now();
  let skipped = 0;
  for (const { title, command } of checks) {
    const [program, ...args] = command;
    const started = performance.now();
    const timeout = budget.isLimited ? { timeout: Math.max(1, budget.untilKill * 1000) } : {};
    const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: project, encoding: 'utf8', ...timeout });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const isLate = (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
    process.stdout.write(`  ${status === 0 ? '✓' : isLate ? 'skipped, the budget ended:' : '✗'} ${title} (${seconds} s)\n`);
    if (isLate) skipped += 1;
    if (status === 0 || isLate) continue;
    failures.push(title);
    process.stdout.write(`${error?.message ?? ''}${stdout}${stderr}\n`);
  }
  const counts = { passed: checks.length - failures.length - skipped, failed: failures.length, skipped, failures };
  if (skipped === 0) budget.measured('static', counts, (performance.now() - began) / 1000);
  return skipped === 0 ? counts : { ...counts, skipReason: `the budget ended: ${skipped} checks did not run` };
}

import { spawnSync } from 'node:child_process';
import { project } from './build/step.ts';
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

/** Runs the static checks, prints a line each and the output of what failed. */
export function runChecks(): Counts {
  const failures: string[] = [];
  for (const { title, command } of checks) {
    const [program, ...args] = command;
    const started = performance.now();
    const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: project, encoding: 'utf8' });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`  ${status === 0 ? '✓' : '✗'} ${title} (${seconds} s)\n`);
    if (status === 0) continue;
    failures.push(title);
    process.stdout.write(`${error?.message ?? ''}${stdout}${stderr}\n`);
  }
  return { passed: checks.length - failures.length, failed: failures.length, skipped: 0, failures };
}

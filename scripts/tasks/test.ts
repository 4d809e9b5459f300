import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../build/index.ts';
import { project } from '../build/step.ts';
import { runChecks } from '../checks.ts';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const levels = ['unit', 'prog', 'netns', 'chaos', 'runtime'] as const;

/** A level whose runner died before it could report counts as one failure. */
function readReport(file: string): Counts {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, success } = JSON.parse(readFileSync(file, 'utf8'));
    const failed = numFailedTests === 0 && !success ? 1 : numFailedTests;
    return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** Runs vitest on one level; Ctrl-C ends it through the terminal's process group, and the laboratories die with their processes. */
async function runLevel(level: (typeof levels)[number], filters: readonly string[]): Promise<Counts> {
  const file = join(project, '.cache', 'reports', `${level}.json`);
  rmSync(file, { force: true });
  mkdirSync(join(project, '.cache', 'reports'), { recursive: true });
  const vitest = join(project, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const child = spawn(process.execPath, [vitest, 'run', `--project=${level}`, '--passWithNoTests', ...reporters, ...filters], {
    cwd: project,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGTERM', pass).on('SIGINT', pass);
  const code = await new Promise<number>((resolve) => child.on('exit', (status) => resolve(status ?? 1)));
  process.off('SIGTERM', pass).off('SIGINT', pass);
  const counts = readReport(file);
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/** `npm test [-- FILTER...]`: every level, or the files whose path contains a filter. */
async function main(filters: readonly string[]): Promise<void> {
  await build();
  process.stdout.write('\nstatic\n');
  const results: Record<string, Counts> = filters.length === 0 ? { static: { ...runChecks(), skipped: 0 } } : {};
  for (const level of levels) {
    process.stdout.write(`\n${level}\n`);
    results[level] = await runLevel(level, filters);
  }
  process.stdout.write('\n');
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const [level, { passed, failed, skipped }] of Object.entries(results)) {
    process.stdout.write(`  ${level.padEnd(8)} ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  process.stdout.write(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`);
  process.exitCode = sum.failed === 0 ? 0 : 1;
}

await main(process.argv.slice(2));

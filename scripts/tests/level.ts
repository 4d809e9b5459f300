import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { project } from '../build/step.ts';
import { type Counts, countsOf, withStatus } from './counts.ts';

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Runs vitest on one level; Ctrl-C ends it through the terminal's process group, and the laboratories die with their processes. */
export async function runLevel(level: string, filters: readonly string[]): Promise<Counts> {
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
  return withStatus(countsOf(read(file)), code);
}

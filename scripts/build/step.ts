import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The checkout's root folder. */
export const project = join(import.meta.dirname, '..', '..');

/** One build step: runs only when what it reads changed since it last succeeded. */
export interface Step {
  readonly name: string;
  /** Glob patterns below the project of all files that the step reads. */
  readonly inputs: readonly string[];
  /** Files that it makes, below the project. */
  readonly outputs: readonly string[];
  readonly run: () => void | Promise<void>;
}

/** Hash of the names and contents of all files that the glob patterns find below the project, of Node's version and of `more`. */
export function digest(patterns: readonly string[], exclude: readonly string[], more = ''): string {
  const hash = createHash('sha256').update(process.version).update(process.arch).update(more);
  const found = patterns.flatMap((pattern) => globSync(pattern, { cwd: project, exclude }));
  const files = found.filter((file) => statSync(join(project, file)).isFile()).sort();
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(project, file)));
  return hash.digest('hex');
}

const digestOf = ({ inputs }: Step): string => digest(inputs, ['**/*.test.ts', '**/testdata/**']);

/** The file that holds the digest of something's last success. */
export const stampOf = (name: string): string => join(project, 'dist', '.stamps', name);

/** Runs the step unless its inputs are those of its last success and its outputs are there. Prints one line when it works. */
export async function runStep(step: Step): Promise<void> {
  const stamp = stampOf(step.name);
  const current = digestOf(step);
  const isFresh =
    existsSync(stamp) && readFileSync(stamp, 'utf8') === current && step.outputs.every((file) => existsSync(join(project, file)));
  if (isFresh) return;
  rmSync(stamp, { force: true });
  for (const file of step.outputs) mkdirSync(dirname(join(project, file)), { recursive: true });
  process.stdout.write(`  build ${step.name} … `);
  const started = performance.now();
  await step.run();
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digestOf(step));
}

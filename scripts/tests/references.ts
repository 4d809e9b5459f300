import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { dirname } from 'node:path';
import { digest, stampOf } from '../build/step.ts';
import { type Budget, estimateOf } from './budget.ts';
import { none } from './counts.ts';
import { type LevelResult, runWithin } from './level.ts';

const LEVEL = 'references';
const PACKAGE = 'containernetworking-plugins';

/** Everything that the results of the reference plugins depend on; vitest.config.ts says which tests these are. */
const inputs = ['test-harness/**', 'native/**', 'test/conformance/references.ts', 'package-lock.json'];

/** Hash of what decides how other people's plugins do: the harness, the addon, the plugins, the kernel. */
function key(): string {
  const { stdout } = spawnSync('dpkg-query', ['-W', PACKAGE], { encoding: 'utf8' });
  return digest(inputs, [], `${stdout}${release()}`);
}

/**
 * Holds other people's plugins against the specification, unless nothing has changed since they last passed on this machine: then their tests count as
 * skipped. A clean clone, as CI has it, runs them.
 */
export async function runReferences(filters: readonly string[], isForced: boolean, budget: Budget): Promise<LevelResult> {
  const [stamp, current] = [stampOf(LEVEL), key()];
  const isUnchanged = existsSync(stamp) && readFileSync(stamp, 'utf8') === current;
  if (isUnchanged && !isForced && filters.length === 0) {
    const skipReason = `unchanged since ${current.slice(0, 12)} passed here; --all runs them`;
    process.stdout.write(`  skipped: ${LEVEL}: ${skipReason}\n`);
    return { counts: { ...none, skipped: estimateOf(LEVEL).tests, skipReason }, report: undefined, isWhole: false };
  }
  const result = await runWithin(budget, LEVEL, filters);
  if (result.isWhole && filters.length === 0 && result.counts.failed === 0) {
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, current);
  }
  return result;
}

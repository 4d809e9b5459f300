import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { dirname } from 'node:path';
import { digest, stampOf } from '../build/step.ts';
import { type Budget, estimateOf } from './budget.ts';
import { none } from './counts.ts';
import { type LevelResult, runWithin } from './level.ts';

/** What every level of conformance depends on. */
const harness = ['test-harness/**', 'native/**', 'test/conformance/*.ts', 'test/fixtures/conformance/*.ts', 'package-lock.json'];

/** Levels whose results change only with some files, and those files; vitest.config.ts says which tests they are. */
export const keyed = {
  /** all items of the standalone executable, and of the launcher with an IPAM plugin; the level `netns` has those that are peculiar to them */
  conformance: [...harness, 'plugin/**', 'conf/**', 'daemon/cni/**', 'daemon/endpoint/**'],
  /** other people's plugins */
  references: harness,
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type KeyedLevel = keyof typeof keyed;

export const keyedLevels = Object.keys(keyed) as readonly KeyedLevel[];

/** Hash of what decides how a level ends: the files, the distribution's plugins, the kernel. */
export function keyOf(level: KeyedLevel): string {
  const { stdout } = spawnSync('dpkg-query', ['-W', 'containernetworking-plugins'], { encoding: 'utf8' });
  return digest(keyed[level], [], `${stdout}${release()}`);
}

/**
 * Runs a level, unless nothing that it depends on has changed since it last passed on this machine: then its tests count as skipped. A clean clone, as CI
 * has it, runs it.
 */
export async function runKeyed(level: KeyedLevel, filters: readonly string[], isForced: boolean, budget: Budget): Promise<LevelResult> {
  const [stamp, current] = [stampOf(`test-${level}`), keyOf(level)];
  const isUnchanged = existsSync(stamp) && readFileSync(stamp, 'utf8') === current;
  if (isUnchanged && !isForced && filters.length === 0) {
    const skipReason = `unchanged since ${current.slice(0, 12)} passed here; --all runs it`;
    process.stdout.write(`  skipped: ${level}: ${skipReason}\n`);
    return { counts: { ...none, skipped: estimateOf(level).tests, skipReason }, report: undefined, isWhole: false };
  }
  const result = await runWithin(budget, level, filters);
  if (result.isWhole && filters.length === 0 && result.counts.failed === 0) {
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, current);
  }
  return result;
}

import { findApiServer } from '../../store/testing/kube-apiserver.ts';
import { build } from '../build/index.ts';
import { runChecks } from '../checks.ts';
import { runMatrix } from '../kernels/run.ts';
import { Budget, estimateOf } from '../tests/budget.ts';
import { type Counts, none, printSummary } from '../tests/counts.ts';
import { keyedLevels, runKeyed } from '../tests/keyed.ts';
import { type LevelResult, runWithin } from '../tests/level.ts';
import { optionsOf } from '../tests/options.ts';
import { staleRecords, writeRecord } from '../tests/record.ts';
import { printSlowest, type Report } from '../tests/report.ts';
import { runSoak } from '../tests/soak.ts';

/** In the order of their importance, which is the order in which they run: what a budget has no time for is the last of them. */
const levels = ['unit', 'prog', 'netns', 'chaos', 'runtime', 'bench'] as const;

/** The level that needs a kube-apiserver, where there is one: to build it takes longer than most runs of tests. */
async function runKubernetes(budget: Budget, filters: readonly string[]): Promise<LevelResult> {
  if (findApiServer() !== undefined) return runWithin(budget, 'kubernetes', filters);
  const skipReason = 'no kube-apiserver in KUBEBUILDER_ASSETS, PATH or the cache: npm run test:kubernetes builds one';
  process.stdout.write(`  skipped: kubernetes: ${skipReason}\n`);
  return {
    counts: { ...none, skipped: filters.length === 0 ? estimateOf('kubernetes').tests : 0, skipReason },
    report: undefined,
    isWhole: false,
  };
}

/** `npm test [-- OPTIONS FILTER...]`: every level, or the files whose path contains a filter; scripts/tests/options.ts has the options. */
async function main(): Promise<void> {
  const { filters, kernels, soak, all, budgetMinutes, record } = optionsOf(process.argv.slice(2), process.env);
  const budget = new Budget(budgetMinutes, Number(process.env['AXONEME_BEGAN'] ?? Date.now()));
  // every failpoint, also those between which nothing happens (test/fixtures/crash/scenarios.ts)
  if (all) process.env['AXONEME_ALL_FAILPOINTS'] = '1';
  await build();
  const results: Record<string, Counts> = {};
  const reports: Report[] = [];
  process.stdout.write('\nstatic\n');
  if (filters.length === 0) results['static'] = runChecks(budget);
  const put = (level: string, { counts, report }: LevelResult) => {
    results[level] = counts;
    if (report !== undefined) reports.push(report);
  };
  for (const level of levels) {
    process.stdout.write(`\n${level}\n`);
    put(level, await runWithin(budget, level, filters));
  }
  process.stdout.write('\nkubernetes\n');
  put('kubernetes', await runKubernetes(budget, filters));
  if (soak) results['soak'] = await runSoak(budget);
  for (const level of keyedLevels) {
    process.stdout.write(`\n${level}\n`);
    put(level, await runKeyed(level, filters, all, budget));
  }
  if (kernels) Object.assign(results, await runMatrix({}, budget));
  if (record) writeRecord(budget.record);
  else for (const line of staleRecords(budget.record)) process.stdout.write(`\n  ${line}\n`);
  printSlowest(reports);
  printSummary(results);
  // what hung until the budget ended must not keep the process
  process.exit(Object.values(results).every(({ failed }) => failed === 0) ? 0 : 1);
}

await main();

import { build } from '../build/index.ts';
import { runChecks } from '../checks.ts';
import { runMatrix } from '../kernels/run.ts';
import { type Counts, printSummary } from '../tests/counts.ts';
import { runLevel } from '../tests/level.ts';
import { runSoak } from '../tests/soak.ts';

const levels = ['unit', 'prog', 'netns', 'chaos', 'runtime', 'bench'] as const;

/** Switches on the level of other kernels, which takes minutes and fetches what it boots. */
const KERNELS = '--kernels';

/** Adds two minutes of ADDs and DELs with random deaths. */
const SOAK = '--soak';

/** `npm test [-- [--kernels] [--soak] FILTER...]`: every level, or the files whose path contains a filter. */
async function main(args: readonly string[]): Promise<void> {
  const filters = args.filter((arg) => arg !== KERNELS && arg !== SOAK);
  await build();
  process.stdout.write('\nstatic\n');
  const results: Record<string, Counts> = filters.length === 0 ? { static: runChecks() } : {};
  for (const level of levels) {
    process.stdout.write(`\n${level}\n`);
    results[level] = await runLevel(level, filters);
  }
  if (args.includes(KERNELS)) Object.assign(results, await runMatrix());
  if (args.includes(SOAK)) results['soak'] = await runSoak();
  printSummary(results);
  process.exitCode = Object.values(results).every(({ failed }) => failed === 0) ? 0 : 1;
}

await main(process.argv.slice(2));

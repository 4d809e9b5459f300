import { dirname } from 'node:path';
import { findApiServer } from '../../store/testing/kube-apiserver.ts';
import { buildApiServer } from '../kubernetes/build-api-server.ts';
import { Budget } from '../tests/budget.ts';
import { printSummary } from '../tests/counts.ts';
import { runWithin } from '../tests/level.ts';

/** `npm run test:kubernetes [-- FILTER...]`: the level that needs a kube-apiserver, which it takes from KUBEBUILDER_ASSETS or PATH, or builds once. */
async function main(): Promise<number> {
  const program = findApiServer() ?? (await buildApiServer((text) => void process.stdout.write(text)));
  process.stdout.write(`  kube-apiserver: ${program}\n`);
  process.env['KUBEBUILDER_ASSETS'] = dirname(program);
  const { counts } = await runWithin(new Budget(undefined, Date.now()), 'kubernetes', process.argv.slice(2));
  printSummary({ kubernetes: counts });
  return counts.failed === 0 ? 0 : 1;
}

process.exitCode = await main();

import { constants } from 'node:os';
import { type KernelName, vm } from '../../test-harness/index.ts';
import { build } from '../build/index.ts';
import { project } from '../build/step.ts';
import { environment } from '../kernels/cell.ts';
import { printLatest } from '../kernels/latest.ts';
import { record } from '../kernels/record.ts';
import { interruption, runMatrix } from '../kernels/run.ts';
import { type Wish, wishOf } from '../kernels/wish.ts';
import { Budget } from '../tests/budget.ts';
import { printSummary } from '../tests/counts.ts';

/** `-- COMMAND`: runs it in the checkout on one kernel, its output as it comes, and ends as it ends. */
async function runCommand(kernel: KernelName, command: readonly string[]): Promise<number> {
  const signal = interruption();
  await using machine = await vm({ kernel, memory: 3072, signal });
  const { code, signal: killedBy } = await machine.exec(command, {
    cwd: project,
    env: environment,
    timeout: 3_600_000,
    signal,
    onOutput: (stream, bytes) => void process[stream].write(bytes),
  });
  return code ?? 128 + (killedBy === null ? 0 : constants.signals[killedBy]);
}

/** `npm run test:kernels [-- [--kernel 6.12] [--suite netkit] [--latest | --record | -- COMMAND ...]]` */
async function main(wish: Wish): Promise<number> {
  if (wish.latest) await printLatest();
  if (wish.latest) return 0;
  await build();
  if (wish.record) await record(wish.kernels);
  if (wish.record) return 0;
  if (wish.command.length > 0) return runCommand(wish.kernels?.[0] ?? '6.12', wish.command);
  const results = await runMatrix(wish, new Budget(undefined, Date.now()));
  printSummary(results);
  return Object.values(results).every(({ failed }) => failed === 0) ? 0 : 1;
}

process.exitCode = await main(wishOf(process.argv.slice(2)));

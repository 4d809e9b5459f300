import { dirname, join } from 'node:path';
import { HarnessError, type VirtualMachine, vm } from '../../test-harness/index.ts';
import { project } from '../build/step.ts';
import { type Budget, estimateOf } from '../tests/budget.ts';
import { type Counts, firstLine, none } from '../tests/counts.ts';
import { reporter } from '../tests/level.ts';
import { countsOf, countsOfStopped, parseReport, REPORT_FILE, STOP_AFTER } from '../tests/report.ts';
import { type Cell, nameOf, type Suite, suites } from './matrix.ts';

/** How many times longer emulated code takes at most; vitest.config.ts stretches its timeouts by it. */
const SLOWNESS = 10;

/** Seconds for one suite, for what hangs: what is slow only, on a computer that does other things besides, comes to its end. */
const PATIENCE = 120 * 60;

const report = '/run/axoneme-report.json';

/** What every suite is started with: the pinned Node first, the checkout as it is on the host. */
export const environment = {
  PATH: `${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  AXONEME_SLOWNESS: String(SLOWNESS),
  // no colours, and skips are failures there as here
  ...(process.env['CI'] === undefined ? {} : { CI: process.env['CI'] }),
};

function commandOf(suite: Suite): string[] {
  if ('program' in suite) return [process.execPath, ...suite.program];
  return [process.execPath, join(project, 'node_modules/vitest/vitest.mjs'), 'run', ...suite.vitest, '--reporter=verbose', reporter];
}

/** Whole lines, as they come, each behind the cell's name: two cells run at a time. */
function lines(tell: (line: string) => void): (bytes: Buffer) => void {
  const decoder = new TextDecoder();
  let rest = '';
  return (bytes) => {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) tell(part);
  };
}

async function runIn(
  machine: VirtualMachine,
  cell: Cell,
  tell: (line: string) => void,
  signal: AbortSignal,
  budget: Budget,
): Promise<Counts> {
  const suite: Suite = suites[cell.suite];
  const hear = { stdout: lines(tell), stderr: lines(tell) };
  const stop = budget.isLimited ? { [STOP_AFTER]: String(Math.round(budget.untilStop)) } : {};
  const { code } = await machine.exec(commandOf(suite), {
    cwd: project,
    env: { ...environment, [REPORT_FILE]: report, ...stop },
    timeout: Math.min(PATIENCE, budget.untilKill) * 1000,
    signal,
    onOutput: (stream, bytes) => hear[stream](bytes),
  });
  if ('program' in suite) return code === 0 ? { ...none, passed: 1 } : { ...none, failed: 1, failures: [`exit status ${code}`] };
  const told = parseReport((await machine.readFile(report).catch(() => '')).toString());
  if (!told?.isStopped) return countsOf(told, code ?? 1);
  const counts = countsOfStopped(told, estimateOf(nameOf(cell)).tests);
  return { ...counts, skipReason: `the budget ended: ${counts.skipped} tests did not run` };
}

/** What says that this computer can boot no machine, or not that one: elsewhere than in CI a reason to go without. */
const UNABLE: readonly string[] = ['NO_VM', 'NO_PROGRAM', 'NO_KERNEL', 'NOT_ROOT'];

/** Runs a suite on a kernel, in a machine of its own. Never rejects: what went wrong is printed, and counts as one failure. */
export async function runCell(cell: Cell, signal: AbortSignal, budget: Budget): Promise<Counts> {
  const { kernel, suite } = cell;
  const tell = (line: string) => void process.stdout.write(`${kernel.padStart(6)} ${suite.padEnd(18)} │ ${line}\n`);
  try {
    // grace periods are most of what a test waits for, and the longer the slower the processors are
    const kernelArguments = ['rcupdate.rcu_expedited=1'];
    await using machine = await vm({ kernel, memory: 3072, kernelArguments, signal, progress: tell });
    return await runIn(machine, cell, tell, signal, budget);
  } catch (error) {
    const { message } = error as Error;
    const { tests } = estimateOf(nameOf(cell));
    if (budget.isLimited && budget.untilKill === 0)
      return { ...none, skipped: tests, skipReason: 'the budget ended while it ran: its machine was ended' };
    for (const line of message.split('\n')) tell(line);
    const isUnable = error instanceof HarnessError && UNABLE.includes(error.code) && process.env['CI'] === undefined;
    return isUnable ? { ...none, skipped: 1 } : { ...none, failed: 1, failures: [firstLine(message)] };
  }
}

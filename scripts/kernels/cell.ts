import { dirname, join } from 'node:path';
import { HarnessError, type VirtualMachine, vm } from '../../test-harness/index.ts';
import { project } from '../build/step.ts';
import { type Counts, countsOf, firstLine, none, withStatus } from '../tests/counts.ts';
import { type Cell, type Suite, suites } from './matrix.ts';

/** How many times longer emulated code takes at most; vitest.config.ts stretches its timeouts by it. */
const SLOWNESS = 10;

/** Milliseconds for one suite, for what hangs: what is slow only, on a computer that does other things besides, comes to its end. */
const PATIENCE = 30 * 60_000;

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
  const reporters = ['--reporter=verbose', '--reporter=json', `--outputFile.json=${report}`];
  return [process.execPath, join(project, 'node_modules/vitest/vitest.mjs'), 'run', ...suite.vitest, ...reporters];
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

async function runIn(machine: VirtualMachine, suite: Suite, tell: (line: string) => void, signal: AbortSignal): Promise<Counts> {
  const hear = { stdout: lines(tell), stderr: lines(tell) };
  const { code } = await machine.exec(commandOf(suite), {
    cwd: project,
    env: environment,
    timeout: PATIENCE,
    signal,
    onOutput: (stream, bytes) => hear[stream](bytes),
  });
  if ('program' in suite) return code === 0 ? { ...none, passed: 1 } : { ...none, failed: 1 };
  const text = await machine.readFile(report).catch(() => Buffer.from(''));
  return withStatus(countsOf(text.toString()), code ?? 1);
}

/** What says that this computer can boot no machine, or not that one: elsewhere than in CI a reason to go without. */
const UNABLE: readonly string[] = ['NO_VM', 'NO_PROGRAM', 'NO_KERNEL', 'NOT_ROOT'];

/** Runs a suite on a kernel, in a machine of its own. Never rejects: what went wrong is printed, and counts as one failure. */
export async function runCell({ kernel, suite }: Cell, signal: AbortSignal): Promise<Counts> {
  const tell = (line: string) => void process.stdout.write(`${kernel.padStart(6)} ${suite.padEnd(18)} │ ${line}\n`);
  try {
    // grace periods are most of what a test waits for, and the longer the slower the processors are
    const kernelArguments = ['rcupdate.rcu_expedited=1'];
    await using machine = await vm({ kernel, memory: 3072, kernelArguments, signal, progress: tell });
    return await runIn(machine, suites[suite], tell, signal);
  } catch (error) {
    const { message } = error as Error;
    for (const line of message.split('\n')) tell(line);
    const isUnable = error instanceof HarnessError && UNABLE.includes(error.code) && process.env['CI'] === undefined;
    return isUnable ? { ...none, skipped: 1 } : { ...none, failed: 1, failures: [firstLine(message)] };
  }
}

import { constants } from 'node:os';
import { delimiter, dirname } from 'node:path';
import { type KernelName, vm } from '../../test-harness/index.ts';
import { build } from '../build/index.ts';
import { project } from '../build/step.ts';
import { type Wish, wishOf } from '../kernels/wish.ts';

/** `-- COMMAND`: runs it in the checkout on one kernel, streamed, and ends as it ends. */
async function runCommand(kernel: KernelName, command: readonly string[]): Promise<number> {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupted.abort());
  await using machine = await vm({ kernel, signal: interrupted.signal });
  const path = [dirname(process.execPath), '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'].join(delimiter);
  const { code, signal } = await machine.exec(command, {
    cwd: project,
    env: { PATH: path },
    timeout: 3_600_000,
    signal: interrupted.signal,
    onOutput: (stream, bytes) => void process[stream].write(bytes),
  });
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

/** `npm run test:kernels [-- --kernel 6.12] [--suite netkit] [-- COMMAND ...]` */
async function main(wish: Wish): Promise<number> {
  await build();
  if (wish.command.length > 0) return runCommand(wish.kernels?.[0] ?? '6.12', wish.command);
  return 1;
}

process.exitCode = await main(wishOf(process.argv.slice(2)));

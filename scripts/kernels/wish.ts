import { parseArgs } from 'node:util';
import { type KernelName, kernelNames } from '../../test-harness/vm/kernels.ts';

/** What `npm run test:kernels -- ...` was asked for. */
export interface Wish {
  /** none was named: all */
  readonly kernels: readonly KernelName[] | undefined;
  readonly suites: readonly string[] | undefined;
  /** run this instead of any suite */
  readonly command: readonly string[];
}

const options = {
  kernel: { type: 'string', multiple: true },
  suite: { type: 'string', multiple: true },
} as const;

function mustBeKernel(name: string): KernelName {
  const known = kernelNames.find((candidate) => candidate === name);
  if (known === undefined) throw new Error(`use kernel '${name}': there are ${kernelNames.join(', ')}`);
  return known;
}

/** Reads the arguments; what stands behind `--` is a command. Throws for an option or kernel that there is not. */
export function wishOf(args: readonly string[]): Wish {
  const border = args.indexOf('--');
  const own = border === -1 ? args : args.slice(0, border);
  const { values } = parseArgs({ args: [...own], options });
  const command = border === -1 ? [] : args.slice(border + 1);
  return { kernels: values.kernel?.map(mustBeKernel), suites: values.suite, command };
}

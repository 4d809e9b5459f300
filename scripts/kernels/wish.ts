import { parseArgs } from 'node:util';
import { type KernelName, kernelNames } from '../../test-harness/vm/kernels.ts';
import { type SuiteName, suiteNames } from './matrix.ts';

/** What `npm run test:kernels -- ...` was asked for. */
export interface Wish {
  /** undefined: all that the matrix has */
  readonly kernels?: readonly KernelName[] | undefined;
  readonly suites?: readonly SuiteName[] | undefined;
  /** say what Debian's suites have today, as rows of the manifest */
  readonly latest: boolean;
  /** write down what the verifier counts on every kernel */
  readonly record: boolean;
  /** run this instead of any suite */
  readonly command: readonly string[];
}

const options = {
  kernel: { type: 'string', multiple: true },
  suite: { type: 'string', multiple: true },
  latest: { type: 'boolean', default: false },
  record: { type: 'boolean', default: false },
} as const;

function oneOf<T extends string>(what: string, names: readonly T[]): (name: string) => T {
  return (name) => {
    const known = names.find((candidate) => candidate === name);
    if (known === undefined) throw new Error(`use ${what} '${name}': there are ${names.join(', ')}`);
    return known;
  };
}

/** Reads the arguments; what stands behind `--` is a command. Throws for an option, kernel or suite that there is not. */
export function wishOf(args: readonly string[]): Wish {
  const border = args.indexOf('--');
  const { values } = parseArgs({ args: [...(border === -1 ? args : args.slice(0, border))], options });
  return {
    kernels: values.kernel?.map(oneOf('kernel', kernelNames)),
    suites: values.suite?.map(oneOf('suite', suiteNames)),
    latest: values.latest,
    record: values.record,
    command: border === -1 ? [] : args.slice(border + 1),
  };
}

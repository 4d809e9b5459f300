import { parseArgs } from 'node:util';

/** What `npm test -- ...` was asked for. */
export interface TestOptions {
  /** only files whose path contains one of them; all when there is none */
  readonly filters: readonly string[];
  /** `--kernels`: the level of other kernels, which takes minutes and fetches what it boots */
  readonly kernels: boolean;
  /** `--soak`: two minutes of ADDs and DELs with random crashes */
  readonly soak: boolean;
  /** `--all`: also what is unchanged since it last passed here, and failpoints that meet the same state */
  readonly all: boolean;
  /** `--budget MINUTES` or AXONEME_BUDGET_MINUTES: what does not fit is skipped, never failed; undefined: no limit */
  readonly budgetMinutes: number | undefined;
  /** `--record`: write what the parts took into scripts/tests/recorded.json */
  readonly record: boolean;
}

const options = {
  kernels: { type: 'boolean', default: false },
  soak: { type: 'boolean', default: false },
  all: { type: 'boolean', default: false },
  budget: { type: 'string' },
  record: { type: 'boolean', default: false },
} as const;

/** Reads the arguments and the environment. Throws for an option that there is not, and for a budget that is no number of minutes. */
export function optionsOf(args: readonly string[], env: NodeJS.ProcessEnv): TestOptions {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const { kernels, soak, all, record } = values;
  const budgetMinutes = minutesOf('--budget', values.budget) ?? minutesOf('AXONEME_BUDGET_MINUTES', env['AXONEME_BUDGET_MINUTES']);
  return { filters: positionals, kernels, soak, all, record, budgetMinutes };
}

function minutesOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const number = Number(text);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new Error(`${name} ${text}: use a number of minutes above 0, such as 75`);
}

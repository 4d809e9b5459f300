import type { Run } from './context.ts';

/** An option of one command, or of all. */
export interface OptionSpec {
  /** In commander's notation: `-v, --verbose`, `--config <file>`. */
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly default?: string;
}

/** One command: what help and completion say, and where its code is. */
export interface CommandSpec {
  /** Words that call it: `endpoint list`. */
  readonly path: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What it shows and how to read it. */
  readonly description: string;
  readonly argument?: { readonly name: string; readonly description: string; readonly choices?: readonly string[] };
  /** Output formats, the first is the default; absent for commands that print no state. */
  readonly formats?: readonly string[];
  readonly options?: readonly OptionSpec[];
  /** What to type, and what one gets. */
  readonly examples: readonly (readonly [command: string, effect: string])[];
  readonly load: () => Promise<{ readonly run: Run }>;
}

/** Every command, in the order of the help, and what the words mean that only lead to commands. */
export interface CommandTable {
  readonly commands: readonly CommandSpec[];
  readonly groups: Readonly<Record<string, string>>;
}

/** Formats of a command that shows state. */
export const stateFormats = ['table', 'json'] as const;

/** Options of every command. */
export const globalOptions: readonly OptionSpec[] = [
  { flags: '--root <dir>', description: 'folder under which all paths of axoneme lie (AXONEME_ROOT)', default: '/' },
];

/** Which formats a command has, as an option. */
export function formatOption({ formats }: CommandSpec): OptionSpec[] {
  const [first] = formats ?? [];
  return first === undefined
    ? []
    : [{ flags: '-o, --output <format>', description: 'output format', choices: formats ?? [], default: first }];
}

import type { Paths } from '../../conf/paths.ts';
import type { ApiClient } from './client.ts';
import { CliError } from './errors.ts';

/** Where a command writes; `process.stdout` is one. */
export interface Writer {
  write(text: string): unknown;
  /** Width of the terminal, when it is one. */
  readonly columns?: number;
}

/** What the process gives to the command line: the edge of the program as one object. */
export interface Io {
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a command gets besides its arguments. */
export interface Context {
  readonly io: Io;
  readonly paths: Paths;
  readonly api: ApiClient;
  /** `table` for people; `json` for programs: the API's body as it came. Commands may know more. */
  readonly format: string;
}

/** Arguments in order, options by their long name in camel case. */
export interface Input {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** A command. Answers the exit code: 0 fine, 1 failed; 2 (usage) is the parser's. Throws `CliError` for what a person can understand. */
export type Run = (context: Context, input: Input) => Promise<number>;

/**
 * Writes `json` or, for any other format, the text that `table` makes; a line break ends it.
 * @throws CliError when the body is not what `table` expects, as that of a daemon of another version may be
 */
export function print(context: Context, body: unknown, table: () => string): void {
  context.io.stdout.write(`${context.format === 'json' ? JSON.stringify(body, null, 2) : made(table)}\n`);
}

function made(table: () => string): string {
  try {
    return table();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new CliError("show the daemon's answer: it has another shape than this version knows; see it with -o json", 1, { cause: error });
  }
}

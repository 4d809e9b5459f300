import type { Run } from '../lib/context.ts';
import { CliError } from '../lib/errors.ts';
import type { CommandTable } from '../lib/spec.ts';
import { completionScript, isShell } from './script.ts';

export const printScript =
  (table: CommandTable): Run =>
  async ({ io }, { args }) => {
    const shell = args[0] ?? '';
    if (!isShell(shell)) throw new CliError(`make completion for ${shell}: expected bash, zsh or fish`, 2);
    io.stdout.write(completionScript(shell, table));
    return 0;
  };

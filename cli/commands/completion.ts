import { completionScript, isShell } from '../completion.ts';
import { CliError, type Run } from '../context.ts';

export const run: Run = async ({ io }, { args }) => {
  const shell = args[0] ?? '';
  if (!isShell(shell)) throw new CliError(`make completion for ${shell}: expected bash, zsh or fish`, 2);
  io.stdout.write(completionScript(shell));
  return 0;
};

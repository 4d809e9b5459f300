import { Argument, Command, CommanderError, Option } from 'commander';
import { paths } from '../conf/paths.ts';
import { version } from '../conf/version.ts';
import { table } from './commands.ts';
import { ApiClient } from './lib/client.ts';
import type { Context, Io } from './lib/context.ts';
import { CliError } from './lib/errors.ts';
import { type CommandSpec, formatOption, globalOptions, type OptionSpec } from './lib/spec.ts';

/**
 * Runs one command line, without the executable's name.
 * @returns the exit code: 0 fine, 1 failed, 2 wrong usage
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let code = 0;
  const program = makeProgram(io, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    return report(error, io);
  }
}

/** The parser made from the table of commands. */
function makeProgram(io: Io, onResult: (code: number) => void): Command {
  const program = settle(new Command('axoneme'), io)
    .description('Container networking: what a node of axoneme does, and the daemon that does it.')
    .version(`axoneme ${version}`, '-V, --version', 'print the version of this program')
    .helpCommand(false)
    .addHelpText('after', `\nEvery command explains itself: axoneme status --help\n`);
  for (const option of globalOptions) program.addOption(makeOption(option));
  for (const spec of table.commands) addCommand(program, spec, io, onResult);
  // After the sub-commands are made: they would inherit it.
  return program.configureHelp({ visibleCommands: () => leaves(program), subcommandTerm: term });
}

function addCommand(program: Command, spec: CommandSpec, io: Io, onResult: (code: number) => void): void {
  const words = spec.path.split(' ');
  const name = words.pop() ?? '';
  const command = settle(words.reduce((at, word) => group(at, word, io), program).command(name), io);
  command.summary(spec.summary).description(`${spec.summary}.\n\n${spec.description}`);
  if (spec.argument) {
    const argument = new Argument(`<${spec.argument.name}>`, spec.argument.description);
    command.addArgument(spec.argument.choices ? argument.choices(spec.argument.choices) : argument);
  }
  for (const option of [...formatOption(spec), ...(spec.options ?? [])]) command.addOption(makeOption(option));
  command.addHelpText('after', examples(spec)).action(async () => {
    const { run } = await spec.load();
    onResult(await run(makeContext(command, spec, io), { args: command.args, options: command.optsWithGlobals() }));
  });
}

/** The command that holds the sub-commands of `word`, made when first needed. */
function group(parent: Command, word: string, io: Io): Command {
  const there = parent.commands.find((command) => command.name() === word);
  if (there) return there;
  const description = table.groups[word] ?? '';
  return settle(parent.command(word), io).summary(description).description(`${description}.`).helpCommand(false);
}

/** Nothing ends the process or writes around `io`. */
function settle(command: Command, io: Io): Command {
  return command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 80,
      getErrHelpWidth: () => io.stderr.columns ?? 80,
    })
    .showHelpAfterError(`(see '${fullName(command)} --help')`)
    .configureHelp({ showGlobalOptions: true })
    .allowExcessArguments(false);
}

/** The commands that do something, however deep. */
function leaves(command: Command): Command[] {
  return command.commands.flatMap((child) => (child.commands.length > 0 ? leaves(child) : [child]));
}

function term(command: Command): string {
  const words = command.registeredArguments.map((argument) => `<${argument.name()}>`);
  return [fullName(command).slice('axoneme '.length), ...words].join(' ');
}

function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}

function makeOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description);
  if (spec.choices) option.choices(spec.choices);
  // --root has its default from `paths`, which also looks at the environment.
  if (spec.default !== undefined && !spec.flags.startsWith('--root')) option.default(spec.default);
  return option;
}

function examples(spec: CommandSpec): string {
  return ['', 'Examples:', ...spec.examples.flatMap(([command, effect]) => [`  # ${effect}`, `  ${command}`])].join('\n');
}

function makeContext(command: Command, spec: CommandSpec, io: Io): Context {
  const options = command.optsWithGlobals<{ root?: string; output?: string }>();
  const at = paths(options.root ?? (io.env['AXONEME_ROOT'] || '/'));
  return { io, paths: at, api: new ApiClient(at.socket), format: options.output ?? spec.formats?.[0] ?? 'table' };
}

/** Commander has written its own message already; help and --version are its errors with exit code 0. */
function report(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!(error instanceof CliError)) throw error;
  io.stderr.write(`axoneme: ${error.message}\n`);
  return error.exitCode;
}

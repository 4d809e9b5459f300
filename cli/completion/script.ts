import { type CommandSpec, type CommandTable, formatOption, globalOptions, type OptionSpec } from '../lib/spec.ts';
import { bash } from './bash.ts';
import { fish } from './fish.ts';
import type { Place, ValueOption } from './place.ts';
import { zsh } from './zsh.ts';

const shells = { bash, zsh, fish } as const;

/** A shell that we can write completion for. */
export type Shell = keyof typeof shells;

/** True for `bash`, `zsh` and `fish`. */
export function isShell(name: string): name is Shell {
  return Object.hasOwn(shells, name);
}

/** The script for a shell, made from the table of commands, so that it cannot lag behind. */
export function completionScript(shell: Shell, table: CommandTable): string {
  return shells[shell](places(table), valueOptions(table));
}

/** Every point of a command line between words, and what may come next. */
function places(table: CommandTable): Place[] {
  const paths = new Set(['', ...table.commands.flatMap((spec) => prefixes(spec.path))]);
  return [...paths].map((path) => ({
    path,
    words: [...nextWords(table, path), ...argumentsOf(table, path)],
    options: optionsAt(table, path).map(describe),
  }));
}

/** `bpf endpoint list` → `bpf`, `bpf endpoint`, `bpf endpoint list`. */
function prefixes(path: string): string[] {
  const words = path.split(' ');
  return words.map((_, index) => words.slice(0, index + 1).join(' '));
}

function nextWords({ commands, groups }: CommandTable, path: string): Place['words'] {
  const depth = path === '' ? 0 : path.split(' ').length;
  const next = new Map<string, string>();
  for (const spec of commands) {
    const words = spec.path.split(' ');
    const word = words[depth];
    if (word === undefined || words.slice(0, depth).join(' ') !== path || next.has(word)) continue;
    next.set(word, words.length === depth + 1 ? spec.summary : (groups[word] ?? ''));
  }
  return [...next].map(([word, text]) => ({ word, text }));
}

function argumentsOf({ commands }: CommandTable, path: string): Place['words'] {
  const spec = commands.find((command) => command.path === path);
  return (spec?.argument?.choices ?? []).map((word) => ({ word, text: '' }));
}

function optionsAt({ commands }: CommandTable, path: string): OptionSpec[] {
  const spec = commands.find((command) => command.path === path);
  const help = { flags: '-h, --help', description: 'explain the command' };
  return [...(spec ? allOptions(spec) : []), ...globalOptions, help];
}

function allOptions(spec: CommandSpec): OptionSpec[] {
  return [...formatOption(spec), ...(spec.options ?? [])];
}

function describe({ flags, description, choices }: OptionSpec): Place['options'][number] {
  return { names: flagNames(flags), text: description, takesValue: flags.includes('<'), values: choices ?? [] };
}

function flagNames(flags: string): string[] {
  return flags.split(/[ ,]+/).filter((word) => word.startsWith('-'));
}

/** Options that swallow the next word, and what that may be: their own choices, else a file. `-o` has all formats that any command has. */
function valueOptions({ commands }: CommandTable): ValueOption[] {
  const all = [...globalOptions, ...commands.flatMap(allOptions)].filter(({ flags }) => flags.includes('<'));
  const byFlags = new Map<string, ValueOption>();
  for (const { flags, choices = [] } of all) {
    const before = byFlags.get(flags)?.values ?? [];
    byFlags.set(flags, { names: flagNames(flags), values: [...new Set([...before, ...choices])] });
  }
  return [...byFlags.values()];
}

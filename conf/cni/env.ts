import { CniError } from './errors.ts';
import { CNI_COMMANDS, type CniCommand } from './types.ts';

/** The process environment, or one made for a test. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says about one call; fields that the verb does not use are empty strings. */
export interface Invocation {
  readonly command: CniCommand;
  readonly containerId: string;
  readonly ifname: string;
  readonly netns: string;
  /** CNI_ARGS, not yet parsed: see `args.ts`. */
  readonly args: string;
  /** CNI_NETNS_OVERRIDE: the runtime knows that CNI_NETNS is our own namespace, and wants it. */
  readonly allowOwnNetns: boolean;
}

/** The pattern of container ids and network names (SPEC, "Parameters" and "Network configuration"). */
const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/**
 * Longest container id in characters: with the longest interface name it still fits the alias of a device (IFALIASZ, linux/if.h), by which
 * the attachment is found again. Runtimes use 64 or fewer.
 */
export const CONTAINER_ID_MAX = 230;

/** Longest path in bytes: PATH_MAX less the closing zero (linux/limits.h). */
const PATH_MAX = 4095;

/** Longest interface name in bytes: IFNAMSIZ less the closing zero (linux/if.h). */
const IFNAME_MAX = 15;

/** Characters of a value that a message repeats. */
const SHOWN_MAX = 40;

interface Variable {
  readonly name: string;
  readonly requiredFor: readonly CniCommand[];
  /** What is wrong with a value that is there; undefined when nothing. */
  problem(value: string): string | undefined;
}

/**
 * Which variables a verb needs (SPEC section 2, "CNI operations"). An empty value counts as missing. CNI_PATH, which the reference library
 * always demands, leads to delegates, and there are none here; the specification demands it of GC alone.
 */
const VARIABLES: readonly Variable[] = [
  { name: 'CNI_CONTAINERID', requiredFor: ['ADD', 'DEL', 'CHECK'], problem: containerIdProblem },
  { name: 'CNI_NETNS', requiredFor: ['ADD', 'CHECK'], problem: pathProblem },
  { name: 'CNI_IFNAME', requiredFor: ['ADD', 'DEL', 'CHECK'], problem: ifnameProblem },
  { name: 'CNI_PATH', requiredFor: ['GC'], problem: () => undefined },
];

/** What is wrong with a container id or network name, undefined when nothing. */
export function identifierProblem(value: string): string | undefined {
  return IDENTIFIER.test(value) ? undefined : 'must be letters, digits, "_", "." and "-", and begin with a letter or digit';
}

function containerIdProblem(value: string): string | undefined {
  if (value.length > CONTAINER_ID_MAX) return `has ${value.length} characters, at most ${CONTAINER_ID_MAX} are supported`;
  return identifierProblem(value);
}

function pathProblem(value: string): string | undefined {
  const bytes = Buffer.byteLength(value);
  if (bytes > PATH_MAX) return `has ${bytes} bytes, at most ${PATH_MAX} are possible`;
  return value.startsWith('/') ? undefined : 'is not an absolute path';
}

/**
 * What the kernel would refuse in an interface name or change (dev_valid_name and dev_alloc_name, net/core/dev.c), undefined when nothing. Its
 * isspace() works on bytes and counts 0xA0 (lib/ctype.c), which is a part of many letters in UTF-8.
 */
export function ifnameProblem(value: string): string | undefined {
  const bytes = Buffer.byteLength(value);
  if (bytes > IFNAME_MAX) return `has ${bytes} bytes, at most ${IFNAME_MAX} fit`;
  if (value === '.' || value === '..') return 'is reserved';
  if (value.includes('%')) return 'must not contain "%", which the kernel replaces by a number';
  if (Buffer.from(value).includes(0xa0)) return 'has a letter that the kernel takes for white space (byte 0xA0)';
  return /[/:\s]/.test(value) ? 'must not contain "/", ":" or white space' : undefined;
}

/** The call that the environment describes. Errors: `invalid-environment`, which names every missing and every ill-formed variable at once. */
export function parseEnvironment(env: Environment): Invocation {
  const command = parseCommand(env['CNI_COMMAND'] ?? '');
  const used = VARIABLES.filter((variable) => variable.requiredFor.includes(command));
  const missing = used.filter((variable) => !env[variable.name]).map((variable) => variable.name);
  const problems = used.flatMap((variable) => complaint(variable, env[variable.name]));
  if (missing.length > 0) problems.unshift(`${missing.join(', ')} missing`);
  if (problems.length > 0) throw new CniError('invalid-environment', `read environment for ${command}: ${problems.join('; ')}`);
  return {
    command,
    containerId: env['CNI_CONTAINERID'] ?? '',
    ifname: env['CNI_IFNAME'] ?? '',
    netns: env['CNI_NETNS'] ?? '',
    args: env['CNI_ARGS'] ?? '',
    allowOwnNetns: /^(1|true)$/i.test(env['CNI_NETNS_OVERRIDE'] ?? ''),
  };
}

function complaint(variable: Variable, value: string | undefined): string[] {
  const problem = value ? variable.problem(value) : undefined;
  return problem === undefined ? [] : [`${variable.name} ${shown(value ?? '')} ${problem}`];
}

/** A value as messages show it: whole when it is short. */
function shown(value: string): string {
  return value.length <= SHOWN_MAX ? JSON.stringify(value) : `${JSON.stringify(value.slice(0, SHOWN_MAX))}…`;
}

function parseCommand(value: string): CniCommand {
  const command = CNI_COMMANDS.find((known) => known === value);
  if (command !== undefined) return command;
  const problem = value === '' ? 'CNI_COMMAND missing' : `CNI_COMMAND ${shown(value)} unknown`;
  throw new CniError('invalid-environment', `read environment: ${problem}`, { details: `known commands: ${CNI_COMMANDS.join(', ')}` });
}

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

/** Longest interface name in bytes: IFNAMSIZ less the closing zero (linux/if.h). */
const IFNAME_MAX = 15;

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
  { name: 'CNI_CONTAINERID', requiredFor: ['ADD', 'DEL', 'CHECK'], problem: identifierProblem },
  { name: 'CNI_NETNS', requiredFor: ['ADD', 'CHECK'], problem: (value) => (value.startsWith('/') ? undefined : 'is not an absolute path') },
  { name: 'CNI_IFNAME', requiredFor: ['ADD', 'DEL', 'CHECK'], problem: ifnameProblem },
  { name: 'CNI_PATH', requiredFor: ['GC'], problem: () => undefined },
];

/** What is wrong with a container id or network name, undefined when nothing. */
export function identifierProblem(value: string): string | undefined {
  return IDENTIFIER.test(value) ? undefined : 'must be letters, digits, "_", "." and "-", and begin with a letter or digit';
}

/** What the kernel would refuse in an interface name (dev_valid_name, net/core/dev.c), undefined when nothing. */
export function ifnameProblem(value: string): string | undefined {
  const bytes = Buffer.byteLength(value);
  if (bytes > IFNAME_MAX) return `has ${bytes} bytes, at most ${IFNAME_MAX} fit`;
  if (value === '.' || value === '..') return 'is reserved';
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
  return problem === undefined ? [] : [`${variable.name} ${JSON.stringify(value)} ${problem}`];
}

function parseCommand(value: string): CniCommand {
  const command = CNI_COMMANDS.find((known) => known === value);
  if (command !== undefined) return command;
  const problem = value === '' ? 'CNI_COMMAND missing' : `CNI_COMMAND ${JSON.stringify(value)} unknown`;
  throw new CniError('invalid-environment', `read environment: ${problem}`, { details: `known commands: ${CNI_COMMANDS.join(', ')}` });
}

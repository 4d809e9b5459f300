import { relative } from 'node:path';
import { HarnessError } from '../errors.ts';
import { BASE_ENV, type OutputListener } from '../init/client.ts';
import type { RemoteProcess } from '../init/remote-process.ts';
import type { MachineInit } from './machine-init.ts';

/** Where a command runs: the namespaces of one machine, or of one pod on it. */
export interface Place {
  /** what error messages call it */
  readonly name: string;
  /** cgroup that the command is put into, the machine's or one below */
  readonly cgroup: string;
  /** who runs it */
  readonly init: MachineInit;
  /** path, in the machine, of the network namespace; empty for the machine's own */
  readonly netns: string;
}

export interface ExecOptions {
  /** added to the machine's own small environment (PATH, HOME, LANG); the test process's environment is never passed on */
  readonly env?: Readonly<Record<string, string>>;
  /** what the command reads on its standard input; none means that it reads an end of file at once */
  readonly input?: string;
  /** milliseconds until the command is killed by SIGKILL; its own children are not (default 30 000) */
  readonly timeout?: number;
  /** ends the command like the timeout does */
  readonly signal?: AbortSignal;
}

/** How a command ended. It is data, not an exception: a test of failure reads it like a test of success. */
export interface ExecResult {
  /** exit status; null when a signal ended the command */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** the timeout or the abort signal ended it */
  readonly killed: boolean;
  /** wall-clock milliseconds, process start included */
  readonly duration: number;
}

/** What a command has to be told besides its arguments. */
export interface StartOptions {
  readonly env: ExecOptions['env'];
  readonly input: ExecOptions['input'];
  readonly onOutput: OutputListener;
}

/** The end of a command that ended with its machine. */
export const KILLED = { code: null, signal: 'SIGKILL' } as const;

/** Throws COMMAND_FAILED when no command can be started there, because the machine has ended. */
export function mustRun({ init, name }: Place, argv: readonly string[]): void {
  if (init.client.ended) throw new HarnessError('COMMAND_FAILED', `start ${argv[0]} on ${name}: the machine has ended`);
}

/** Starts a command in a place, by process 1 of its machine. Throws BAD_COMMAND; COMMAND_FAILED when the machine has ended. */
export function start(place: Place, argv: readonly string[], { env, input, onOutput }: StartOptions): RemoteProcess {
  const { init, netns } = place;
  mustRun(place, argv);
  const cgroup = relative(init.cgroup, place.cgroup) || '.';
  return init.client.start({ argv, env: { ...BASE_ENV, ...env }, cwd: '/', netns, cgroup, input }, onOutput);
}

/** Runs a command to its end. Rejects only when it could not be started. */
export async function exec(place: Place, argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const began = performance.now();
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const onOutput: OutputListener = (stream, bytes) => output[stream].push(bytes);
  const child = start(place, argv, { env: options.env, input: options.input, onOutput });
  let killed = false;
  const kill = () => {
    killed = true;
    child.kill('SIGKILL');
  };
  const timer = setTimeout(kill, options.timeout ?? 30_000);
  options.signal?.addEventListener('abort', kill, { once: true });
  if (options.signal?.aborted) kill();
  const end = (await child.closed) ?? KILLED;
  clearTimeout(timer);
  options.signal?.removeEventListener('abort', kill);
  const [stdout, stderr] = [Buffer.concat(output.stdout).toString(), Buffer.concat(output.stderr).toString()];
  return { ...end, stdout, stderr, killed, duration: performance.now() - began };
}

/** Like {@link exec}, but a failure is an error that quotes the command's own words. Returns what it wrote to stdout. */
export async function run(place: Place, argv: readonly string[], options: ExecOptions = {}): Promise<string> {
  const result = await exec(place, argv, options);
  if (result.code === 0) return result.stdout;
  const end = result.killed ? `no end after ${options.timeout ?? 30_000} ms` : (result.signal ?? `exit status ${result.code}`);
  const words = (result.stderr.trim() || result.stdout.trim()).slice(-2000);
  throw new HarnessError('COMMAND_FAILED', `run ${argv.join(' ')} on ${place.name}: ${end}${words === '' ? '' : `: ${words}`}`);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { HarnessError } from '../errors.ts';

/** Where a command runs: the namespaces of one machine, or of one pod on it. */
export interface Place {
  /** what error messages call it */
  readonly name: string;
  /** cgroup that the command is put into */
  readonly cgroup: string;
  /** arguments of nsenter(1) that choose the namespaces */
  readonly enter: readonly string[];
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

const BASE_ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8' };

/**
 * Starts a command in a place. The chain is `sh` (joins the cgroup), `nsenter` (joins the namespaces, forks into the pid
 * namespace), `setpriv` (SIGKILL of nsenter kills exactly the command), command; the first three replace each other or wait, so that
 * the exit status and signal seen here are the command's. It costs some 4 ms more than the command itself.
 */
export function start(place: Place, argv: readonly string[], env: ExecOptions['env'], stdin: 'pipe' | 'ignore'): ChildProcess {
  const chain = ['nsenter', ...place.enter, '--', 'setpriv', '--pdeathsig', 'KILL', '--', ...argv];
  const enter = 'echo 0 > "$0/cgroup.procs" && exec "$@"';
  return spawn('sh', ['-c', enter, place.cgroup, ...chain], {
    stdio: [stdin, 'pipe', 'pipe'],
    env: { ...BASE_ENV, ...env },
    detached: true,
    cwd: '/',
  });
}

/** Runs a command to its end. Rejects only when it could not be started. */
export function exec(place: Place, argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const began = performance.now();
  const child = start(place, argv, options.env, options.input === undefined ? 'ignore' : 'pipe');
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  let killed = false;
  const kill = () => {
    killed = true;
    child.kill('SIGKILL');
  };
  const timer = setTimeout(kill, options.timeout ?? 30_000);
  options.signal?.addEventListener('abort', kill, { once: true });
  if (options.signal?.aborted) kill();
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input);
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', kill);
    };
    child.once('error', (cause) => {
      done();
      reject(new HarnessError('COMMAND_FAILED', `start ${argv[0]} on ${place.name}: ${cause.message}`, { cause }));
    });
    child.once('close', (code, signal) => {
      done();
      resolve({ code, signal, stdout: stdout(), stderr: stderr(), killed, duration: performance.now() - began });
    });
  });
}

/** Like {@link exec}, but a failure is an error that quotes the command's own words. Returns what it wrote to stdout. */
export async function run(place: Place, argv: readonly string[], options: ExecOptions = {}): Promise<string> {
  const result = await exec(place, argv, options);
  if (result.code === 0) return result.stdout;
  const end = result.killed ? `no end after ${options.timeout ?? 30_000} ms` : (result.signal ?? `exit status ${result.code}`);
  const words = (result.stderr.trim() || result.stdout.trim()).slice(-2000);
  throw new HarnessError('COMMAND_FAILED', `run ${argv.join(' ')} on ${place.name}: ${end}${words === '' ? '' : `: ${words}`}`);
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

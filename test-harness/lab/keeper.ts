import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { HarnessError } from '../errors.ts';
import { cgroup2Root, cgroupPids, outsidersIn, thawTree } from './cgroup.ts';
import { KEEPER_SCRIPT } from './keeper-script.ts';
import { parentOf } from './proc.ts';

/** The process that holds a machine's namespaces open. */
export interface Keeper {
  /** process 1 of the machine, by its number on the real machine; everything of the machine is reached through `/proc/<pid>` */
  readonly pid: number;
  /** Ends the machine: every process in it is killed, its mounts and network namespaces go. Safe to call twice. */
  stop(): Promise<void>;
}

export interface KeeperOptions {
  readonly hostname: string;
  /** an existing, empty cgroup; becomes the machine's cgroup root */
  readonly cgroup: string;
  readonly realRcuExpedited: boolean;
}

/**
 * Starts the keeper and waits until the machine is ready.
 *
 * Two independent things end it when the process that started it dies, even by SIGKILL: PR_SET_PDEATHSIG (prctl(2)), handed down by
 * `unshare --kill-child`, and the end of file on its input.
 */
export async function startKeeper(options: KeeperOptions): Promise<Keeper> {
  const unshare = ['unshare', '--mount', '--uts', '--net', '--pid', '--cgroup', '--fork', '--mount-proc', '--kill-child'];
  const script = ['sh', '-c', KEEPER_SCRIPT, 'keeper', options.hostname, cgroup2Root(), options.realRcuExpedited ? 'real' : 'scratch'];
  const enter = 'echo 0 > "$0/cgroup.procs" && exec "$@"';
  const argv = ['-c', enter, options.cgroup, 'setpriv', '--pdeathsig', 'KILL', '--', ...unshare, ...script];
  const child = spawn('sh', argv, {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
  });
  await becomesReady(child, options.hostname);
  child.unref();
  const pid = cgroupPids(options.cgroup).find((candidate) => parentOf(candidate) === child.pid);
  if (pid === undefined) throw new HarnessError('KEEPER_FAILED', `start machine ${options.hostname}: its first process is gone`);
  return { pid, stop: () => stop(child, pid, options.cgroup) };
}

async function becomesReady(child: ChildProcess, name: string): Promise<void> {
  const complaints: string[] = [];
  child.stdin?.on('error', () => undefined);
  child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
  const ready = await new Promise<boolean>((resolve) => {
    child.stdout?.once('data', () => resolve(true));
    child.once('error', (cause) => complaints.push(cause.message));
    child.once('close', () => resolve(false));
  });
  if (!ready) throw new HarnessError('KEEPER_FAILED', `start machine ${name}: ${complaints.join('').trim() || 'it ended without a word'}`);
  for (const stream of [child.stdin, child.stdout, child.stderr]) unreference(stream);
}

/** A lab that somebody forgot to close must not keep the test process alive: its end ends the lab. */
function unreference(stream: unknown): void {
  (stream as { unref?: () => void } | null)?.unref?.();
}

/**
 * Process 1 is killed, not its parent: it dies last of its namespace, so the parent's exit says that all are gone (pid_namespaces(7)). It would wait for
 * commands whose nsenter(1) stopped itself when they were stopped, and waits for nobody; continued, that would continue the command as well.
 */
async function stop(child: ChildProcess, pid: number, cgroup: string): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const exited = once(child, 'exit');
  if (!kill(pid)) child.kill('SIGKILL');
  thawTree(cgroup);
  for (const waiter of outsidersIn(cgroup)) if (waiter !== child.pid) kill(waiter);
  await exited;
}

/** False for a process that has ended. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

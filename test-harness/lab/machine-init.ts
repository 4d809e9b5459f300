import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { HarnessError } from '../errors.ts';
import { InitClient } from '../init/client.ts';
import { initProgram } from '../init/program.ts';
import { cgroup2Root, cgroupPids } from './cgroup.ts';
import { kill, parentOf } from './proc.ts';

/** How the harness's process 1 calls itself in a list of processes. */
export const INIT_NAME = 'axoneme-init';

export interface MachineInitOptions {
  readonly hostname: string;
  /** an existing, empty cgroup; becomes the machine's cgroup root. Process 1 stays in the one above */
  readonly cgroup: string;
  readonly realRcuExpedited: boolean;
}

/** Process 1 of a lab's machine: it holds the namespaces and runs commands. See `test-harness/init/lab.c`. */
export class MachineInit {
  /** by its number on the real machine; everything of the machine is reached through `/proc/<pid>` */
  readonly pid: number;
  readonly cgroup: string;
  readonly client: InitClient;
  /** the parent of process 1, which ends when all processes of the machine have */
  readonly #parent: ChildProcess;

  private constructor(pid: number, cgroup: string, client: InitClient, parent: ChildProcess) {
    this.pid = pid;
    this.cgroup = cgroup;
    this.client = client;
    this.#parent = parent;
  }

  /** Starts it and waits until the machine is ready. Throws KEEPER_FAILED, NO_PROGRAM. */
  static async start(options: MachineInitOptions): Promise<MachineInit> {
    const { hostname, cgroup } = options;
    const argv = ['--lab', hostname, cgroup2Root(), cgroup, options.realRcuExpedited ? 'real' : 'scratch'];
    const parent = spawn(initProgram(), argv, {
      argv0: INIT_NAME,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      detached: true,
      env: {},
      cwd: '/',
    });
    const client = await readyClient(parent, hostname);
    const pid = cgroupPids(dirname(cgroup)).find((candidate) => parentOf(candidate) === parent.pid);
    if (pid === undefined) throw new HarnessError('KEEPER_FAILED', `start machine ${hostname}: its first process is gone`);
    return new MachineInit(pid, cgroup, client, parent);
  }

  /**
   * Ends the machine: every process in it is killed, its mounts and network namespaces go. Safe to call twice. Process 1 is killed, not its
   * parent: it dies last of its namespace, so the parent's exit says that all are gone (pid_namespaces(7)).
   */
  async stop(): Promise<void> {
    const parent = this.#parent;
    if (parent.exitCode !== null || parent.signalCode !== null) return;
    parent.ref();
    const exited = once(parent, 'exit');
    if (!kill(this.pid, 'SIGKILL')) parent.kill('SIGKILL');
    await exited;
    await this.client.heard();
  }
}

async function readyClient(parent: ChildProcess, name: string): Promise<InitClient> {
  if (parent.pid === undefined) {
    const [cause] = (await once(parent, 'error')) as [Error];
    throw new HarnessError('KEEPER_FAILED', `start machine ${name}: ${cause.message}`, { cause });
  }
  const complaints: string[] = [];
  parent.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
  const closed = once(parent, 'close').catch(() => undefined);
  const client = new InitClient(parent.stdio[3] as Socket);
  if ((await client.ready) === undefined) {
    await closed;
    throw new HarnessError('KEEPER_FAILED', `start machine ${name}: ${complaints.join('').trim() || 'it ended without a word'}`);
  }
  // like the wire, which the client sees to
  parent.unref();
  (parent.stderr as Socket | null)?.unref();
  return client;
}

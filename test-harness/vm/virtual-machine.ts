import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { HarnessError } from '../errors.ts';
import { BASE_ENV, InitClient, type OutputListener } from '../init/client.ts';
import type { ExecResult } from '../lab/exec.ts';

export interface RunOptions {
  /** added to the machine's own small environment (PATH, HOME, LANG); the test process's environment is never passed on */
  readonly env?: Readonly<Record<string, string>>;
  /** folder that the command starts in (default `/`) */
  readonly cwd?: string;
  /** what it reads on its standard input; none means an end of file at once */
  readonly input?: string | Uint8Array;
  /** milliseconds until the machine is ended (default 10 minutes) */
  readonly timeout?: number;
  /** ends the machine */
  readonly signal?: AbortSignal;
  /** hears the output as it comes */
  readonly onOutput?: OutputListener;
}

/** An ended command with its output as the bytes that it is. */
export interface RawResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** wall-clock milliseconds */
  readonly duration: number;
}

/** Bytes of the console that are kept. */
const CONSOLE = 65_536;

/** A booted machine: made by {@link vm}. Commands run one after the other, as root, in the order in which they were asked for. */
export class VirtualMachine implements AsyncDisposable {
  /** `uname -r` */
  readonly release: string;
  readonly #process: QemuProcess;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(process: QemuProcess, release: string) {
    this.#process = process;
    this.release = release;
  }

  /** Waits until the machine is ready. Throws KERNEL_PANIC, VM_FAILED, TIMEOUT; then nothing of it is left. */
  static async start(process: QemuProcess, timeout: number, signal: AbortSignal | undefined): Promise<VirtualMachine> {
    const release = await process.bounded<string>('boot', timeout, signal, (machine) => machine.ready);
    return new VirtualMachine(process, release);
  }

  /** What the kernel has written on its console, the end of it. */
  get console(): string {
    return this.#process.console;
  }

  /** Runs a command to its end. Rejects when it cannot be told: TIMEOUT, KERNEL_PANIC, VM_FAILED, VM_CLOSED; then the machine has ended. */
  async exec(argv: readonly string[], options: RunOptions = {}): Promise<ExecResult> {
    const raw = await this.execRaw(argv, options);
    return { ...raw, stdout: raw.stdout.toString(), stderr: raw.stderr.toString(), killed: false };
  }

  /** Like {@link exec}, with the output as bytes. */
  execRaw(argv: readonly string[], options: RunOptions = {}): Promise<RawResult> {
    const { timeout = 600_000, signal } = options;
    const begin = () => this.#process.bounded(`run ${argv.join(' ')}`, timeout, signal, (init) => execRaw(init, argv, options));
    const result = this.#turn.then(begin);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Like {@link exec}, but a failure is an error that quotes the command's own words. Returns what it wrote to stdout. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
    const { code, signal, stdout, stderr } = await this.exec(argv, options);
    if (code === 0) return stdout;
    const words = (stderr.trim() || stdout.trim()).slice(-2000);
    const end = signal ?? `exit status ${code}`;
    throw new HarnessError('COMMAND_FAILED', `run ${argv.join(' ')} on kernel ${this.release}: ${end}${words === '' ? '' : `: ${words}`}`);
  }

  /** The bytes of a file of the machine. Throws COMMAND_FAILED. */
  async readFile(path: string): Promise<Buffer> {
    const { code, stdout, stderr } = await this.execRaw(['cat', '--', path]);
    if (code === 0) return stdout;
    throw new HarnessError('COMMAND_FAILED', `read ${path} on kernel ${this.release}: ${stderr.toString().trim()}`);
  }

  /** Ends the machine and waits until all of it is gone. Safe to call twice. */
  async close(): Promise<void> {
    await this.#process.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Undefined when the machine ended first. */
async function execRaw(init: InitClient, argv: readonly string[], options: RunOptions): Promise<RawResult | undefined> {
  const began = performance.now();
  const { env, cwd = '/', input, onOutput } = options;
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  let isOver = false;
  const hear: OutputListener = (stream, bytes) => {
    // processes that the command left behind may go on
    if (isOver) return;
    output[stream].push(bytes);
    onOutput?.(stream, bytes);
  };
  const process = init.start({ argv, env: { ...BASE_ENV, ...env }, cwd, netns: '', cgroup: '.', input }, hear);
  const end = await process.exited;
  isOver = true;
  if (end === undefined) return undefined;
  const [stdout, stderr] = [Buffer.concat(output.stdout), Buffer.concat(output.stderr)];
  return { ...end, stdout, stderr, duration: performance.now() - began };
}

/** QEMU with its file server, in namespaces of its own; and the conversation with process 1 of the guest. */
export class QemuProcess {
  readonly #child: ChildProcess;
  readonly #init: InitClient;
  #console = '';
  #complaints = '';
  #ended: Error | undefined;
  /** rejects when the machine ends */
  readonly #failure: Promise<never>;
  #fail: (error: Error) => void = () => undefined;

  /** `argv` is QEMU's command line behind all that leads to it; it finds the wire as descriptor 3 and its console as 4. */
  constructor(argv: readonly string[], onConsole: ((text: string) => void) | undefined) {
    const [program = '', ...args] = argv;
    this.#failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#failure.catch(() => undefined);
    this.#child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
      env: { PATH: BASE_ENV.PATH, LC_ALL: 'C' },
      cwd: '/',
    });
    this.#init = new InitClient(this.#child.stdio[3] as Socket);
    const text = this.#child.stdio[4] as Socket;
    text.on('error', () => undefined);
    text.on('data', (chunk: Buffer) => {
      this.#console = `${this.#console}${chunk.toString('latin1')}`.slice(-CONSOLE);
      onConsole?.(chunk.toString('latin1'));
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#complaints = `${this.#complaints}${chunk}`.slice(-CONSOLE)));
    this.#child.once('error', (cause) => this.#end(new HarnessError('VM_FAILED', `start ${program}: ${cause.message}`, { cause })));
    this.#child.once('close', () => this.#end(this.#obituary()));
  }

  get console(): string {
    return this.#console;
  }

  /** Something that the guest does, in its time or not at all: at its end, and when it is aborted, the machine is ended. */
  async bounded<T>(
    what: string,
    timeout: number,
    signal: AbortSignal | undefined,
    begin: (init: InitClient) => Promise<T | undefined>,
  ): Promise<T> {
    if (this.#ended) throw this.#ended;
    const stop = (error: HarnessError) => {
      this.#end(error);
      void this.stop();
    };
    const late = () => stop(new HarnessError('TIMEOUT', `${what} in a virtual machine: no end after ${timeout} ms${this.#tail()}`));
    const abort = () => stop(new HarnessError('VM_CLOSED', `${what} in a virtual machine: it was aborted`));
    const timer = setTimeout(late, timeout);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const begun = begin(this.#init);
      if (signal?.aborted) abort();
      // what the machine's end left unanswered fails by the reason of that end, which QEMU's own end tells
      const done = await Promise.race([begun, this.#failure]);
      return done ?? (await this.#failure);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  async stop(): Promise<void> {
    this.#end(new HarnessError('VM_CLOSED', 'use a virtual machine: it has been closed'));
    if (this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'close');
    this.#kill(this.#child.pid);
    await exited;
  }

  /** Process 1 of the namespace dies last of it, so that the end of unshare, its parent, says that all are gone (pid_namespaces(7)). */
  #kill(unshare: number): void {
    try {
      process.kill(Number(readFileSync(`/proc/${unshare}/task/${unshare}/children`, 'utf8').split(' ')[0] || unshare), 'SIGKILL');
    } catch {
      // without that file, or in the moment of its end, by unshare --kill-child
      this.#child.kill('SIGKILL');
    }
  }

  /** The first reason counts. */
  #end(error: Error): void {
    this.#ended ??= error;
    this.#fail(error);
  }

  #obituary(): HarnessError {
    const panic = /Kernel panic - not syncing: (.*)/.exec(this.#console)?.[1];
    if (panic !== undefined)
      return new HarnessError('KERNEL_PANIC', `the kernel of a virtual machine panicked: ${panic.trim()}${this.#tail()}`);
    const words = this.#complaints.trim();
    return new HarnessError('VM_FAILED', `a virtual machine ended by itself${words === '' ? '' : `: ${words}`}${this.#tail()}`);
  }

  #tail(): string {
    const lines = this.#console.replaceAll('\r', '').trimEnd().split('\n').slice(-40).join('\n');
    return lines === '' ? '; its console is empty' : `; the end of its console:\n${lines}`;
  }
}

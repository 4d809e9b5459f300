import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { HarnessError } from '../errors.ts';
import type { ExecResult } from '../lab/exec.ts';
import { signalName } from './signal.ts';
import { encodeCommand, encodeFrame, FRAME, type Frame, onFrames } from './wire.ts';

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
  readonly onOutput?: (stream: 'stdout' | 'stderr', bytes: Buffer) => void;
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

interface Pending {
  readonly stdout: Buffer[];
  readonly stderr: Buffer[];
  readonly onOutput: RunOptions['onOutput'];
  readonly end: (code: number | null, signal: NodeJS.Signals | null) => void;
  readonly fail: (error: Error) => void;
}

const BASE_ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8' };

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
    const release = await process.bounded<string>('boot', timeout, signal, (resolve, reject) => process.awaitReady(resolve, reject));
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
    const begin = () => {
      const began = performance.now();
      return this.#process.bounded<RawResult>(`run ${argv.join(' ')}`, timeout, signal, (resolve, fail) => {
        const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
        const end: Pending['end'] = (code, by) => {
          const [stdout, stderr] = [Buffer.concat(output.stdout), Buffer.concat(output.stderr)];
          resolve({ code, signal: by, stdout, stderr, duration: performance.now() - began });
        };
        const { env = {}, cwd = '/', input = '' } = options;
        this.#process.send({ argv, env: { ...BASE_ENV, ...env }, cwd, input }, { ...output, onOutput: options.onOutput, end, fail });
      });
    };
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

/** QEMU with its file server, in namespaces of its own; and the conversation with process 1 of the guest. */
export class QemuProcess {
  readonly #child: ChildProcess;
  readonly #wire: Duplex;
  #console = '';
  #complaints = '';
  #pending: Pending | undefined;
  #ready: ((release: string) => void) | undefined;
  #unready: ((error: Error) => void) | undefined;
  #ended: Error | undefined;

  /** `argv` is QEMU's command line behind all that leads to it; it finds the wire as descriptor 3 and its console as 4. */
  constructor(argv: readonly string[], onConsole: ((text: string) => void) | undefined) {
    const [program = '', ...args] = argv;
    this.#child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
      env: { PATH: BASE_ENV.PATH, LC_ALL: 'C' },
      cwd: '/',
    });
    this.#wire = this.#child.stdio[3] as Duplex;
    const text = this.#child.stdio[4] as Duplex;
    for (const stream of [this.#wire, text]) stream.on('error', () => undefined);
    text.on('data', (chunk: Buffer) => {
      this.#console = `${this.#console}${chunk.toString('latin1')}`.slice(-CONSOLE);
      onConsole?.(chunk.toString('latin1'));
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#complaints = `${this.#complaints}${chunk}`.slice(-CONSOLE)));
    onFrames(this.#wire, (frame) => this.#take(frame));
    this.#child.once('error', (cause) => this.#end(new HarnessError('VM_FAILED', `start ${program}: ${cause.message}`, { cause })));
    this.#child.once('close', () => this.#end(this.#obituary()));
  }

  get console(): string {
    return this.#console;
  }

  awaitReady(resolve: (release: string) => void, reject: (error: Error) => void): void {
    if (this.#ended) reject(this.#ended);
    this.#ready = resolve;
    this.#unready = reject;
  }

  send(command: Parameters<typeof encodeCommand>[0], pending: Pending): void {
    if (this.#ended) {
      pending.fail(this.#ended);
      return;
    }
    this.#pending = pending;
    this.#wire.write(encodeFrame(FRAME.command, encodeCommand(command)));
  }

  /** Something that the guest does, in its time or not at all: at its end, and when it is aborted, the machine is ended. */
  async bounded<T>(
    what: string,
    timeout: number,
    signal: AbortSignal | undefined,
    begin: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
  ): Promise<T> {
    const stop = (error: HarnessError) => {
      this.#end(error);
      void this.stop();
    };
    const late = () => stop(new HarnessError('TIMEOUT', `${what} in a virtual machine: no end after ${timeout} ms${this.#tail()}`));
    const abort = () => stop(new HarnessError('VM_CLOSED', `${what} in a virtual machine: it was aborted`));
    const timer = setTimeout(late, timeout);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await new Promise<T>((resolve, reject) => {
        begin(resolve, reject);
        if (signal?.aborted) abort();
      });
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

  #take({ kind, payload }: Frame): void {
    const pending = this.#pending;
    if (kind === FRAME.ready) this.#ready?.(payload.toString());
    if (kind === FRAME.end && pending !== undefined) {
      this.#pending = undefined;
      const [code = 0, signal = 0] = payload;
      pending.end(signal === 0 ? code : null, signal === 0 ? null : signalName(signal));
    }
    if (kind !== FRAME.stdout && kind !== FRAME.stderr) return;
    const stream = kind === FRAME.stdout ? 'stdout' : 'stderr';
    pending?.[stream].push(payload);
    pending?.onOutput?.(stream, payload);
  }

  /** The first reason counts. */
  #end(error: Error): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#unready?.(error);
    this.#pending?.fail(error);
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

import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessError } from '../errors.ts';
import type { Exit, RemoteProcess } from '../init/remote-process.ts';
import { cgroupPids, makeCgroup } from './cgroup.ts';
import { type ExecOptions, KILLED, mustRun, type Place, start } from './exec.ts';
import { kill, pidInMachine } from './proc.ts';
import { removeCgroup } from './reaper.ts';

/** How a service ended. */
export type ServiceEnd = Exit;

let services = 0;

/**
 * A long-running command on a machine: a daemon under test, a server, a capture. Its output is kept in memory. It has a cgroup of its
 * own, by which all of its processes are found. Disposing it kills them.
 */
export class Service implements AsyncDisposable {
  readonly name: string;
  readonly #child: RemoteProcess;
  /** the cgroup of the service and all of its children, on the real machine; gone some time after its end */
  readonly cgroup: string;
  readonly #output: { stdout: string; stderr: string } = { stdout: '', stderr: '' };
  readonly #listeners = new Set<() => void>();
  /** Resolves when the service has ended, for whatever reason. */
  readonly ended: Promise<ServiceEnd>;

  private constructor(place: Place, argv: readonly string[], env: ExecOptions['env']) {
    // before there is a cgroup of it
    mustRun(place, argv);
    services += 1;
    this.name = `${argv[0]} on ${place.name}`;
    this.cgroup = makeCgroup(`${place.cgroup}/service-${services}`);
    const decoders = { stdout: new StringDecoder(), stderr: new StringDecoder() };
    this.#child = start({ ...place, cgroup: this.cgroup }, argv, {
      env,
      input: undefined,
      onOutput: (stream, bytes) => {
        this.#output[stream] += decoders[stream].write(bytes);
        this.#tell();
      },
    });
    this.ended = this.#child.closed.then((end) => end ?? KILLED);
    // children that the command leaves behind would hold its output open
    void this.#child.exited.then(() => this.#killAll());
    void this.ended.then(() => {
      this.#tell();
      void removeCgroup(this.cgroup);
    });
  }

  /** Starts the command; see {@link Machine.spawn}. */
  static start(place: Place, argv: readonly string[], options: Pick<ExecOptions, 'env'> = {}): Service {
    return new Service(place, argv, options.env);
  }

  get stdout(): string {
    return this.#output.stdout;
  }

  get stderr(): string {
    return this.#output.stderr;
  }

  get running(): boolean {
    return this.#child.running;
  }

  /** Process ids of the service and its descendants on the real machine; empty when all have ended. */
  pids(): number[] {
    try {
      return cgroupPids(this.cgroup);
    } catch {
      return [];
    }
  }

  /** Process id, on the real machine, of the command itself; undefined in the moment before it starts and after its end. */
  get pid(): number | undefined {
    return this.running ? this.pids().find((pid) => pidInMachine(pid) === this.#child.pid) : undefined;
  }

  /** Sends a signal to the service's main process. Throws SERVICE_FAILED when it is not running. */
  signal(name: NodeJS.Signals): void {
    if (!this.#send(name)) throw new HarnessError('SERVICE_FAILED', `send ${name} to ${this.name}: it is not running`);
  }

  /** False when there is no main process to send it to. */
  #send(name: NodeJS.Signals): boolean {
    if (!this.running) return false;
    const { pid } = this;
    // sent from here it has arrived when this returns; to a service that is only starting, process 1 sends it
    if (pid !== undefined) return kill(pid, name);
    this.#child.kill(name);
    return true;
  }

  /** Resolves when the output (stdout, then stderr) matches; throws when the service ends or the time (ms) is over before. */
  async waitForOutput(pattern: RegExp, timeout = 60_000): Promise<void> {
    await this.waitUntil(() => pattern.test(this.stdout) || pattern.test(this.stderr), `output ${pattern}`, timeout);
  }

  /** Polls a condition every 10 ms, and at every output, until it holds; throws when the service ends or the time (ms) is over before. */
  async waitUntil(condition: () => boolean | Promise<boolean>, what: string, timeout = 60_000): Promise<void> {
    const deadline = performance.now() + timeout;
    while (!(await condition())) {
      if (!this.running) throw new HarnessError('SERVICE_FAILED', `wait for ${what} of ${this.name}: it ended: ${this.lastWords()}`);
      if (performance.now() > deadline)
        throw new HarnessError('TIMEOUT', `wait for ${what} of ${this.name}: not after ${timeout} ms: ${this.lastWords()}`);
      await Promise.race([sleep(10), new Promise<void>((resolve) => this.#listeners.add(resolve))]);
      this.#listeners.clear();
    }
  }

  /** The end of what the service wrote, for error messages. */
  lastWords(): string {
    return (this.stderr.trim() || this.stdout.trim()).slice(-2000);
  }

  /** Sends a signal (SIGTERM unless told otherwise), waits, and kills what is still there after `timeout` ms. Returns how it ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', timeout = 30_000): Promise<ServiceEnd> {
    this.#send(signal);
    const timer = setTimeout(() => this.#killAll(), timeout);
    const end = await this.ended;
    clearTimeout(timer);
    this.#killAll();
    return end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }

  #killAll(): void {
    for (const pid of this.pids()) kill(pid, 'SIGKILL');
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

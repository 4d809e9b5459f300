import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** A server of a test: its output goes to a file, it can be paused, killed and started again. */
export class ServerProcess {
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #log: string;
  #child: ChildProcess | undefined;

  constructor(program: string, args: readonly string[], log: string) {
    this.#program = program;
    this.#args = args;
    this.#log = log;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const log = openSync(this.#log, 'a');
    this.#child = spawn(this.#program, this.#args, { stdio: ['ignore', log, log] });
    closeSync(log);
  }

  /** Sends a signal; with SIGKILL and SIGTERM it returns when the process is gone. */
  async signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await gone;
  }

  async restart(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    await this.signal(signal);
    this.start();
  }

  /** The last lines of its output, for errors. */
  get output(): string {
    return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-10).join('\n');
  }
}

/** Asks until the answer is true. @param what what is waited for, for the error */
export async function until(what: string, isDone: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await isDone().catch(() => false))) {
    if (Date.now() > end) throw new Error(`wait for ${what}: not within ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

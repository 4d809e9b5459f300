import { signalName } from './signal.ts';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A command that process 1 of a machine runs. */
export class RemoteProcess {
  /** Resolves when the process has ended; with undefined when the machine ended first. */
  readonly exited: Promise<Exit | undefined>;
  /** Resolves when it has ended and no process holds its output open; with undefined when the machine ended first. */
  readonly closed: Promise<Exit | undefined>;
  readonly #send: (signal: NodeJS.Signals) => void;
  #onExit: (exit: Exit | undefined) => void = () => undefined;
  #onClose: (exit: Exit | undefined) => void = () => undefined;
  #pid: number | undefined;
  #exit: Exit | undefined;
  #isRunning = true;

  /** `send` has process 1 send a signal to the process. */
  constructor(send: (signal: NodeJS.Signals) => void) {
    this.#send = send;
    this.exited = new Promise((resolve) => {
      this.#onExit = resolve;
    });
    this.closed = new Promise((resolve) => {
      this.#onClose = resolve;
    });
  }

  /** Process id as numbered in the machine; undefined until process 1 has told it. */
  get pid(): number | undefined {
    return this.#pid;
  }

  get running(): boolean {
    return this.#isRunning;
  }

  /** Sends a signal to the process alone; nothing happens when it has ended. */
  kill(signal: NodeJS.Signals): void {
    if (this.#isRunning) this.#send(signal);
  }

  /** Process 1 has started it. */
  start(pid: number): void {
    this.#pid = pid;
  }

  /** Process 1 has seen its end: exit status and signal, a byte each, one of them 0. */
  exit([code = 0, signal = 0]: Uint8Array): void {
    this.#isRunning = false;
    this.#exit = signal === 0 ? { code, signal: null } : { code: null, signal: signalName(signal) };
    this.#onExit(this.#exit);
  }

  /** The last of its output has come. */
  close(): void {
    this.#onClose(this.#exit);
  }

  /** The machine has ended. */
  lose(): void {
    this.#isRunning = false;
    this.#onExit(this.#exit);
    this.#onClose(this.#exit);
  }
}

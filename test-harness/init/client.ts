import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { RemoteProcess } from './remote-process.ts';
import { type Command, encodeCommand, encodeFrame, FRAME, type Frame, onFrames } from './wire.ts';

/** Environment of every command, besides what its caller adds. */
export const BASE_ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8' };

/** Hears the output of a command as it comes. */
export type OutputListener = (stream: 'stdout' | 'stderr', bytes: Buffer) => void;

/** The conversation with process 1 of a machine, which runs commands, several at a time. */
export class InitClient {
  /** Resolves with the kernel's release when the machine is ready; with undefined when it ends before. */
  readonly ready: Promise<string | undefined>;
  readonly #wire: Socket;
  readonly #commands = new Map<number, { readonly process: RemoteProcess; readonly onOutput: OutputListener }>();
  readonly #closed: Promise<void>;
  #last = 0;
  #ended = false;
  #onReady: (release: string | undefined) => void = () => undefined;

  /** The stream whose other end process 1 has. The client keeps the event loop running until the machine is ready, and while a command runs. */
  constructor(wire: Socket) {
    this.#wire = wire;
    this.ready = new Promise((resolve) => {
      this.#onReady = resolve;
    });
    onFrames(wire, (frame) => this.#take(frame));
    wire.on('error', () => undefined);
    this.#closed = new Promise((resolve) => {
      wire.once('close', () => {
        this.#end();
        resolve();
      });
    });
  }

  /** Whether the machine has ended: no command can be started any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Starts a command. Throws BAD_COMMAND for one that cannot be told. On a machine that has ended the process is lost at once. */
  start(command: Command, onOutput: OutputListener): RemoteProcess {
    const payload = encodeCommand(command);
    this.#last += 1;
    const id = this.#last;
    const process = new RemoteProcess((signal) => this.#send(FRAME.signal, id, Buffer.from([constants.signals[signal]])));
    if (this.#ended) {
      process.lose();
      return process;
    }
    this.#commands.set(id, { process, onOutput });
    this.#wire.ref();
    this.#send(FRAME.command, id, payload);
    return process;
  }

  /** Resolves when the machine has ended and all that it said has been heard. */
  async heard(): Promise<void> {
    this.#wire.ref();
    await this.#closed;
  }

  #send(kind: string, command: number, payload: Buffer): void {
    this.#wire.write(encodeFrame({ kind, command, payload }));
  }

  #take({ kind, command, payload }: Frame): void {
    if (kind === FRAME.ready) {
      this.#onReady(payload.toString());
      this.#rest();
      return;
    }
    const found = this.#commands.get(command);
    if (found === undefined) return;
    if (kind === FRAME.stdout) found.onOutput('stdout', payload);
    if (kind === FRAME.stderr) found.onOutput('stderr', payload);
    if (kind === FRAME.started) found.process.start(payload.readUInt32LE());
    if (kind === FRAME.exit) found.process.exit(payload);
    if (kind !== FRAME.closed) return;
    this.#commands.delete(command);
    found.process.close();
    this.#rest();
  }

  /** A lab that somebody forgot to close must not keep the test process alive: its end ends the lab. */
  #rest(): void {
    if (this.#commands.size === 0) this.#wire.unref();
  }

  #end(): void {
    this.#ended = true;
    this.#onReady(undefined);
    for (const { process } of this.#commands.values()) process.lose();
    this.#commands.clear();
  }
}

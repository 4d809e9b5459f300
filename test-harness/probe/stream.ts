import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { type Family, familyOf } from '../lab/address.ts';
import type { NetworkNamespace } from '../lab/namespace.ts';
import { connectTcp, listenTcp } from './socket.ts';

/** What a stream went through. */
export interface StreamReport {
  /** bytes that the sender gave to its kernel */
  readonly sent: number;
  /** bytes that came back, in order and unharmed */
  readonly echoed: number;
  /** longest time without an echo, in milliseconds; such as the sender's own process spent without a processor does not count */
  readonly longestGap: number;
  /** set when the connection broke or bytes came back wrong */
  readonly failure?: string;
}

const CHUNK = 512;

/** So many intervals between two chunks are those of a process that runs. */
const AWAKE = 4;

/**
 * One TCP connection that carries a numbered chunk every few milliseconds to an echo server and back, for tests of what happens to
 * running traffic while something else is done to the node.
 */
export class EchoStream implements AsyncDisposable {
  readonly #server: Server;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  readonly #interval: number;
  #sent = 0;
  #echoed = 0;
  #gap = 0;
  #longestGap = 0;
  #lastSent = performance.now();
  #failure: string | undefined;

  private constructor(server: Server, socket: Socket, interval: number) {
    this.#server = server;
    this.#socket = socket;
    this.#interval = interval;
    socket.on('data', (chunk: Buffer) => this.#check(chunk));
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', () => this.#fail('connection closed'));
    this.#timer = setInterval(() => this.#send(), interval);
  }

  /** Connects and starts sending, one chunk of 512 bytes every `interval` ms (default 5). Rejects when it cannot connect in `timeout` ms. */
  static async open(
    from: NetworkNamespace,
    to: NetworkNamespace,
    options: { readonly family?: Family; readonly address?: string; readonly interval?: number; readonly timeout?: number } = {},
  ): Promise<EchoStream> {
    const address = options.address ?? (await to.address(options.family ?? 4));
    const family = familyOf(address);
    const server = await listenTcp(to, family, (socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    try {
      const socket = await connectTcp(from, family, address, (server.address() as AddressInfo).port, options.timeout ?? 2000);
      return new EchoStream(server, socket, options.interval ?? 5);
    } catch (error) {
      server.close();
      throw error;
    }
  }

  /** Bytes echoed so far; a test waits for it to grow. */
  get echoed(): number {
    return this.#echoed;
  }

  /** Stops sending, waits up to `timeout` ms (default 10 000) for what is still under way, closes and reports. */
  async stop(timeout = 10_000): Promise<StreamReport> {
    clearInterval(this.#timer);
    const deadline = performance.now() + timeout;
    while (this.#echoed < this.#sent && this.#failure === undefined && performance.now() < deadline) {
      await Promise.race([once(this.#socket, 'data'), new Promise((resolve) => setTimeout(resolve, 20))]);
    }
    const report = { sent: this.#sent, echoed: this.#echoed, longestGap: this.#longestGap };
    const failure = this.#failure;
    await this[Symbol.asyncDispose]();
    return failure === undefined ? report : { ...report, failure };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#socket.removeAllListeners();
    this.#socket.on('error', () => undefined);
    this.#socket.destroy();
    this.#server.close();
  }

  #send(): void {
    if (this.#failure !== undefined) return;
    const now = performance.now();
    // After a pause of the whole process the echoes of before are yet to be read.
    this.#gap += Math.min(now - this.#lastSent, AWAKE * this.#interval);
    this.#longestGap = Math.max(this.#longestGap, this.#gap);
    this.#lastSent = now;
    this.#socket.write(Buffer.from(Uint8Array.from({ length: CHUNK }, (_, i) => (this.#sent + i) & 255)));
    this.#sent += CHUNK;
  }

  #check(chunk: Buffer): void {
    this.#gap = 0;
    const wrong = chunk.findIndex((byte, i) => byte !== ((this.#echoed + i) & 255));
    if (wrong >= 0) this.#fail(`wrong byte at ${this.#echoed + wrong}`);
    this.#echoed += chunk.length;
  }

  #fail(reason: string): void {
    this.#failure ??= reason;
  }
}

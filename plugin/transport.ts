import { connect, type Socket } from 'node:net';
import { AgentError } from './agent.ts';
import { type Answer, AnswerReader } from './http-answer.ts';

/** One exchange with the daemon. */
export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}

/**
 * HTTP/1.1 over one connection of a Unix socket, which stays open from the first exchange to `close`: an unfinished ADD belongs to it. One
 * exchange at a time. Bare sockets on purpose: node:http would cost every cold call 6 ms of processor time.
 */
export class Transport {
  readonly #socketPath: string;
  readonly #answerMs: number;
  #socket: Socket | undefined;
  #isLost = false;

  /** `answerMs`: how long one exchange may take, connection included. */
  constructor(socketPath: string, answerMs: number) {
    this.#socketPath = socketPath;
    this.#answerMs = answerMs;
  }

  /** True once the daemon has ended a connection of ours: it takes back the unfinished ADD that belonged to it. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** `answerMs`: for this exchange, when other than all. Errors: AgentError `unreachable`, `timeout` or `protocol`. */
  async exchange(exchange: Exchange, answerMs: number = this.#answerMs): Promise<Answer> {
    try {
      const answer = await this.#attempt(encode(exchange), answerMs);
      if (!answer.keepsOpen) this.close();
      return answer;
    } catch (error) {
      this.close();
      throw this.#explain(`${exchange.method} ${exchange.path}`, error);
    }
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #attempt(request: string, answerMs: number): Promise<Answer> {
    using listening = new DisposableStack();
    return await new Promise<Answer>((resolve, reject) => {
      const late = () => reject(new AgentError('timeout', `no answer within ${answerMs} ms`));
      const timer = setTimeout(late, answerMs);
      listening.defer(() => clearTimeout(timer));
      const socket = this.#connection();
      listening.defer(listen(socket, resolve, reject));
      socket.write(request);
    });
  }

  #connection(): Socket {
    if (this.#socket === undefined || this.#socket.destroyed) {
      // Between two exchanges an error has nobody to tell: the next one finds the connection gone.
      const socket = connect(this.#socketPath).on('error', () => undefined);
      socket.on('connect', () => socket.on('close', () => this.#noteEnd(socket)));
      this.#socket = socket;
    }
    return this.#socket;
  }

  /** What we close ourselves is no longer ours by then. */
  #noteEnd(socket: Socket): void {
    if (this.#socket === socket) this.#isLost = true;
  }

  #explain(what: string, error: unknown): AgentError {
    const where = `ask axoneme daemon at ${this.#socketPath}: ${what}`;
    if (error instanceof AgentError) return new AgentError(error.code, `${where}: ${error.message}`, { cause: error });
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return new AgentError('unreachable', `${where}: ${REASONS[code] ?? 'the connection broke'}`, { cause: error });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it is not running (no socket)',
  ECONNREFUSED: 'it is not running (nobody listens)',
  EACCES: 'permission denied',
};

/** Reads one answer from a connection; the function that it answers with stops the reading. */
function listen(socket: Socket, resolve: (answer: Answer) => void, reject: (error: unknown) => void): () => void {
  const reader = new AnswerReader();
  const take = (read: () => Answer | undefined): void => {
    try {
      const answer = read();
      if (answer) resolve(answer);
    } catch (error) {
      reject(error);
    }
  };
  const onData = (chunk: Buffer): void => take(() => reader.push(chunk));
  const onClose = (): void => {
    take(() => reader.end());
    reject(new AgentError('unreachable', 'the connection broke'));
  };
  socket.on('data', onData).on('error', reject).on('close', onClose);
  return () => void socket.off('data', onData).off('error', reject).off('close', onClose);
}

function encode({ method, path, body }: Exchange): string {
  const text = body === undefined ? '' : JSON.stringify(body);
  const content = body === undefined ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nhost: axoneme\r\n${content}\r\n${text}`;
}

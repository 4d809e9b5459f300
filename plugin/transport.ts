import { hasErrno } from '../native/errors.ts';
import type { Fd } from '../native/fd.ts';
import { connectUnix, exchangeUnix, hasEndedUnix } from '../native/unix-stream.ts';
import { AgentError } from './agent.ts';
import { clockMs } from './clock.ts';
import { type Answer, AnswerReader } from './http-answer.ts';

/** One exchange with the daemon. */
export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}

/**
 * Until when an answer is waited for, by `clockMs`; `began` is when the exchange did. Asked only once the daemon has been silent for a while, and again
 * as the silence lasts. Throws AgentError when waiting has no use.
 */
export type Deadline = (began: number) => number;

const NOTHING = new Uint8Array();

/** Silence after which the deadline is asked for the first time, in milliseconds: an answer that comes earlier costs no look at the daemon. */
const FIRST_WAIT_MS = 50;
/** Longest pause between two questions for the deadline, in milliseconds. */
const LONGEST_WAIT_MS = 1000;

/**
 * HTTP/1.1 over one connection of a Unix socket, which stays open from the first exchange to `close`: an unfinished ADD belongs to it. One
 * exchange at a time. Sockets of our own on purpose: node:http would cost every cold call 10 ms of processor time, node:net alone 5.
 */
export class Transport {
  readonly #socketPath: string;
  #connection: Fd | undefined;
  #isLost = false;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** True once the daemon has ended a connection of ours: it takes back the unfinished ADD that belonged to it. */
  get isLost(): boolean {
    this.#isLost ||= this.#connection !== undefined && hasEndedUnix(this.#connection);
    return this.#isLost;
  }

  /** Waits for the answer as long as `deadline` says. Errors: AgentError `unreachable`, `timeout` or `protocol`. */
  async exchange(exchange: Exchange, deadline: Deadline): Promise<Answer> {
    try {
      const answer = await this.#attempt(encode(exchange), deadline);
      if (!answer.keepsOpen) this.close();
      return answer;
    } catch (error) {
      const described = this.#explain(exchange, error);
      this.close();
      throw described;
    }
  }

  /** What we close ourselves is not lost. */
  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #attempt(request: Uint8Array, deadline: Deadline): Promise<Answer> {
    const began = clockMs();
    const reader = new AnswerReader();
    const connection = this.#connect();
    for (let rest = request; ; rest = NOTHING) {
      const chunk = await receive(connection, rest, began, deadline);
      const answer = chunk.length > 0 ? reader.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)) : this.#atEnd(reader);
      if (answer) return answer;
    }
  }

  /** The daemon has ended the connection: what it said before may be an answer. */
  #atEnd(reader: AnswerReader): Answer {
    this.#isLost = true;
    const answer = reader.end();
    if (answer) return answer;
    throw new AgentError('unreachable', 'the connection broke');
  }

  /** Between two exchanges the daemon may have closed it: then the next one begins a new connection. */
  #connect(): Fd {
    if (this.#connection !== undefined && this.isLost) this.close();
    this.#connection ??= connectUnix(this.#socketPath);
    return this.#connection;
  }

  #explain({ method, path }: Exchange, error: unknown): AgentError {
    const where = `ask axoneme daemon at ${this.#socketPath}: ${method} ${path}`;
    if (error instanceof AgentError) return new AgentError(error.code, `${where}: ${error.message}`, { cause: error });
    // A broken one; where there was none, there is nothing to be lost.
    if (this.#connection !== undefined) this.#isLost = true;
    const reason = REASONS.find(([name]) => hasErrno(error, name))?.[1];
    return new AgentError('unreachable', `${where}: ${reason ?? 'the connection broke'}`, { cause: error });
  }
}

const REASONS = [
  ['ENOENT', 'it is not running (no socket)'],
  ['ECONNREFUSED', 'it is not running (nobody listens)'],
  ['EAGAIN', 'too many calls wait for it'],
  ['EACCES', 'permission denied'],
] as const;

/**
 * Sends `request` and waits for the next part of the answer. A request is smaller than what the kernel queues for a connection without another
 * one in it, so that all of it is sent in the first round.
 */
async function receive(connection: Fd, request: Uint8Array, began: number, deadline: Deadline): Promise<Uint8Array> {
  let rest = request;
  for (let waitMs = FIRST_WAIT_MS, end = Number.POSITIVE_INFINITY; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    try {
      return await exchangeUnix(connection, rest, Math.max(0, Math.min(waitMs, end - clockMs())));
    } catch (error) {
      if (!hasErrno(error, 'ETIMEDOUT')) throw error;
      end = deadline(began);
      if (clockMs() >= end) throw new AgentError('timeout', `no answer within ${Math.round(end - began)} ms`, { cause: error });
      rest = NOTHING;
    }
  }
}

function encode({ method, path, body }: Exchange): Uint8Array {
  const text = body === undefined ? '' : JSON.stringify(body);
  const content = body === undefined ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: axoneme\r\n${content}\r\n${text}`);
}

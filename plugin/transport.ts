import { Agent as ConnectionPool, type IncomingMessage, request } from 'node:http';
import { AgentError } from './agent.ts';

/** One exchange with the daemon. */
export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}

/** The daemon's answer, body not yet parsed. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** An answer of more bytes is refused: the largest real one, a plan, has some two thousand. */
const MAX_ANSWER = 4 * 1024 * 1024;

/** HTTP/1.1 over one connection of a Unix socket, which stays open from the first exchange to `close`: an unfinished ADD belongs to it. */
export class Transport {
  readonly #socketPath: string;
  readonly #answerMs: number;
  readonly #pool = new ConnectionPool({ keepAlive: true, maxSockets: 1 });

  /** `answerMs`: how long one exchange may take, connection included. */
  constructor(socketPath: string, answerMs: number) {
    this.#socketPath = socketPath;
    this.#answerMs = answerMs;
  }

  /** Errors: AgentError `unreachable`, `timeout` or `protocol`. */
  async exchange({ method, path, body }: Exchange): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const signal = AbortSignal.timeout(this.#answerMs);
    const headers = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const options = { socketPath: this.#socketPath, agent: this.#pool, method, path, headers, signal };
        request(options, resolve).on('error', reject).end(text);
      });
      return { status: response.statusCode ?? 0, text: await readBody(response) };
    } catch (error) {
      throw this.#explain(`${method} ${path}`, error, signal.aborted);
    }
  }

  close(): void {
    this.#pool.destroy();
  }

  #explain(what: string, error: unknown, late: boolean): AgentError {
    if (error instanceof AgentError) return error;
    const where = `ask axoneme daemon at ${this.#socketPath}: ${what}`;
    if (late) return new AgentError('timeout', `${where}: no answer within ${this.#answerMs} ms`, { cause: error });
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code.startsWith('HPE_')) return new AgentError('protocol', `${where}: the answer is not HTTP`, { cause: error });
    return new AgentError('unreachable', `${where}: ${REASONS[code] ?? 'the connection broke'}`, { cause: error });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it is not running (no socket)',
  ECONNREFUSED: 'it is not running (nobody listens)',
  EACCES: 'permission denied',
};

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER) throw new AgentError('protocol', `read the daemon's answer: it has more than ${MAX_ANSWER} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

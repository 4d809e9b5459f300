import { setTimeout as sleep } from 'node:timers/promises';
import { apiErrorCodes } from '../conf/api/error-codes.ts';
import type {
  AttachmentKey,
  CheckReport,
  CheckRequest,
  DeviceReport,
  DisconnectRequest,
  Endpoint,
  EndpointPlan,
  EndpointRequest,
  Health,
} from '../conf/api/types.ts';
import { hasErrno } from '../native/errors.ts';
import { type Agent, AgentError, type AgentErrorCode } from './agent.ts';
import { readCheckReport, readEndpoint, readEndpoints, readHealth, readPlan } from './answers.ts';
import { clockMs } from './clock.ts';
import type { Answer } from './http-answer.ts';
import { type Exchange, Transport } from './transport.ts';

/** How a client waits. */
export interface ClientOptions {
  /**
   * From the first call on, how long a daemon that is away, starting or silent is waited for, in milliseconds; its restart takes less.
   * 0: it is asked once, and `answerMs` alone bounds that.
   */
  readonly patienceMs: number;
  /** How long one call may take, in milliseconds. */
  readonly answerMs: number;
}

/** Pause between two attempts to reach a daemon that is away, in milliseconds. */
const RETRY_MS = 50;

const API_CODES: ReadonlySet<string> = new Set(apiErrorCodes);

/** The daemon behind its socket. All calls go over one connection, in order; `close` ends it, and with it an unfinished ADD. */
export class DaemonClient implements Agent, Disposable {
  readonly #transport: Transport;
  readonly #options: ClientOptions;
  readonly #deadline: number;
  #isServed = false;

  constructor(socketPath: string, options: ClientOptions) {
    this.#transport = new Transport(socketPath, options.answerMs);
    this.#options = options;
    this.#deadline = clockMs() + options.patienceMs;
  }

  get isLost(): boolean {
    return this.#transport.isLost;
  }

  async health(pool?: string): Promise<Health> {
    const query = pool === undefined ? '' : `?pool=${encodeURIComponent(pool)}`;
    return await this.#call({ method: 'GET', path: `/v1/healthz${query}` }, readHealth);
  }

  async createEndpoint(request: EndpointRequest): Promise<EndpointPlan> {
    return await this.#call({ method: 'POST', path: '/v1/endpoints', body: request }, readPlan);
  }

  async connectEndpoint(id: number, device: DeviceReport): Promise<void> {
    await this.#call({ method: 'PUT', path: `/v1/endpoints/${id}/device`, body: device }, nothing);
  }

  async completeEndpoint(id: number): Promise<void> {
    await this.#call({ method: 'PUT', path: `/v1/endpoints/${id}/ready` }, nothing);
  }

  async disconnectEndpoint({ netns, ...key }: DisconnectRequest): Promise<Endpoint | undefined> {
    const body = { ...bareKey(key), ...(netns !== undefined && { netns }) };
    return await orUndefined(this.#call({ method: 'POST', path: '/v1/endpoints/disconnect', body }, readEndpoint));
  }

  async deleteEndpoint(id: number): Promise<void> {
    await orUndefined(this.#call({ method: 'DELETE', path: `/v1/endpoints/${id}` }, nothing));
  }

  async listEndpoints(): Promise<Endpoint[]> {
    return await this.#call({ method: 'GET', path: '/v1/endpoints' }, readEndpoints);
  }

  async checkEndpoint({ netnsIdentity, ...key }: CheckRequest): Promise<CheckReport | undefined> {
    const body: CheckRequest = { ...bareKey(key), ...(netnsIdentity !== undefined && { netnsIdentity }) };
    return await orUndefined(this.#call({ method: 'POST', path: '/v1/endpoints/check', body }, readCheckReport));
  }

  close(): void {
    this.#transport.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #call<T>(exchange: Exchange, read: (value: unknown) => T): Promise<T> {
    for (;;) {
      try {
        const result = understand(exchange, await this.#transport.exchange(exchange, this.#limitMs()), read);
        this.#isServed = true;
        return result;
      } catch (error) {
        if (!isAway(error) || clockMs() + RETRY_MS > this.#deadline) throw error;
        await sleep(RETRY_MS);
      }
    }
  }

  /**
   * How long the next answer is waited for. A service manager's socket takes connections while no daemon serves them: until the first answer,
   * silence is absence, and patience bounds it.
   */
  #limitMs(): number {
    const { patienceMs, answerMs } = this.#options;
    if (this.#isServed || patienceMs === 0) return answerMs;
    return Math.min(answerMs, Math.max(LAST_ATTEMPT_MS, Math.ceil(this.#deadline - clockMs())));
  }
}

/** At least this long, in milliseconds, an attempt waits that began just before the patience was over. */
const LAST_ATTEMPT_MS = 100;

/** Only what certainly did not reach the daemon's books is tried again: nobody there, or there and not serving yet. */
function isAway(error: unknown): boolean {
  if (!(error instanceof AgentError)) return false;
  if (error.code === 'starting') return true;
  return ['ENOENT', 'ECONNREFUSED', 'EAGAIN'].some((name) => hasErrno(error.cause, name));
}

function understand<T>({ method, path }: Exchange, { status, text }: Answer, read: (value: unknown) => T): T {
  try {
    const value: unknown = text === '' ? undefined : JSON.parse(text);
    if (status >= 200 && status < 300) return read(value);
    throw refusal(value);
  } catch (cause) {
    if (cause instanceof AgentError) throw cause;
    const details = `HTTP status ${status}, body ${JSON.stringify(text.slice(0, 200))}`;
    throw new AgentError('protocol', `ask axoneme daemon: ${method} ${path}: the answer makes no sense`, { cause, details });
  }
}

/** The daemon's error body as an error; a SyntaxError when it is none. */
function refusal(value: unknown): Error {
  const { code, message, details } = (value ?? {}) as Record<string, unknown>;
  if (typeof code !== 'string' || typeof message !== 'string' || !API_CODES.has(code)) return new SyntaxError('not an error of the API');
  return new AgentError(code as AgentErrorCode, message, typeof details === 'string' ? { details } : {});
}

async function orUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof AgentError && error.code === 'not-found') return undefined;
    throw error;
  }
}

function bareKey({ containerId, ifname }: AttachmentKey): AttachmentKey {
  return { containerId, ifname };
}

function nothing(): void {}

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
import type { DaemonPhase } from '../conf/heartbeat.ts';
import { hasErrno } from '../native/errors.ts';
import { type Agent, AgentError, type AgentErrorCode } from './agent.ts';
import { readCheckReport, readEndpoint, readEndpoints, readHealth, readPlan } from './answers.ts';
import { clockMs } from './clock.ts';
import type { Answer } from './http-answer.ts';
import { hungMessage, type LivenessProbe } from './liveness.ts';
import { type Exchange, Transport } from './transport.ts';

/** How a client waits, in milliseconds. */
export interface ClientOptions {
  /**
   * How long a daemon is waited for that shows no sign of life: from the first call on, or since it last showed one. Its restart takes less.
   * 0: it is asked once, and `answerMs` alone bounds that.
   */
  readonly patienceMs: number;
  /** How long one call may take where the daemon shows no sign of life. */
  readonly answerMs: number;
  /** Where to see whether the daemon lives; nowhere when absent. */
  readonly liveness?: Pick<LivenessProbe, 'look'>;
  /** From the first call on, how long a daemon that lives is waited for. */
  readonly aliveMs?: number;
  /** The same of one that lives and does not serve calls, because it starts or ends; as long as `aliveMs` when absent. */
  readonly startingMs?: number;
}

/** Pause before the first and the later attempts to reach a daemon again, in milliseconds. */
const RETRY_MS = { first: 50, longest: 500 } as const;

const API_CODES: ReadonlySet<string> = new Set(apiErrorCodes);

/** The daemon behind its socket. All calls go over one connection, in order; `close` ends it, and with it an unfinished ADD. */
export class DaemonClient implements Agent, Disposable {
  readonly #transport: Transport;
  readonly #options: ClientOptions;
  readonly #began = clockMs();
  /** Until when a daemon that shows no sign of life is waited for. */
  #patientUntil: number;
  #isServed = false;

  constructor(socketPath: string, options: ClientOptions) {
    this.#transport = new Transport(socketPath);
    this.#options = options;
    this.#patientUntil = this.#began + options.patienceMs;
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
    for (let pauseMs: number = RETRY_MS.first; ; pauseMs = Math.min(2 * pauseMs, RETRY_MS.longest)) {
      try {
        const result = understand(exchange, await this.#transport.exchange(exchange, (began) => this.#deadline(began)), read);
        this.#isServed = true;
        return result;
      } catch (error) {
        if (!isAway(error) || clockMs() + pauseMs > this.#retryUntil(error)) throw error;
        await sleep(pauseMs);
      }
    }
  }

  /** Until when the answer of an exchange is waited for that has been silent for a while. Throws AgentError `timeout` for a daemon that is hung. */
  #deadline(began: number): number {
    const { patienceMs, answerMs } = this.#options;
    if (this.#phase() !== undefined) {
      this.#patientUntil = clockMs() + patienceMs;
      // Also what undoes a call that took too long gets its time.
      return Math.max(this.#began + this.#aliveMs, began + answerMs);
    }
    // A service manager's socket takes connections while no daemon lives: until the first answer, patience bounds the silence.
    if (this.#isServed || patienceMs === 0) return began + answerMs;
    return Math.min(began + answerMs, Math.max(began + LAST_ATTEMPT_MS, this.#patientUntil));
  }

  #retryUntil(error: unknown): number {
    const phase = this.#phase();
    // One that serves and listens nowhere has lost its socket: it ends by itself, or stays unreachable.
    if (phase === undefined || (phase === 'serving' && !isQueueFull(error))) return this.#patientUntil;
    this.#patientUntil = clockMs() + this.#options.patienceMs;
    // A full queue is a busy daemon's; everything else that is tried again is one's that starts or ends.
    return this.#began + (isQueueFull(error) ? this.#aliveMs : (this.#options.startingMs ?? this.#aliveMs));
  }

  get #aliveMs(): number {
    return this.#options.aliveMs ?? this.#options.answerMs;
  }

  /** How far a daemon is that lives; undefined for one that shows no sign of life. Throws AgentError `timeout` for one that is hung. */
  #phase(): DaemonPhase | undefined {
    const seen = this.#options.liveness?.look();
    if (seen?.state === 'hung') throw new AgentError('timeout', hungMessage(seen));
    return seen?.state === 'alive' ? seen.phase : undefined;
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

/** Whether an exchange failed because more calls wait for the daemon than the kernel queues. */
export function isQueueFull(error: unknown): boolean {
  return error instanceof AgentError && hasErrno(error.cause, 'EAGAIN');
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

import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../errors.ts';
import type { Credential } from './credentials.ts';
import type { Login } from './kubeconfig.ts';
import { errorOfStatus } from './status-error.ts';
import { openTransport, type Response, type Transport } from './transport.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

interface Connection {
  readonly opened: Promise<Transport>;
  readonly credential: Credential;
  /** once it is open */
  transport?: Transport;
}

/** As client-go: so often is a request repeated that the server asks to repeat. */
const MOST_TRIES = 10;
/** kube-apiserver itself gives up after 60 s. */
const CALL_MS = 65_000;

/** Requests to one API server over one connection, which is made anew when it breaks. */
export class Client {
  readonly #login: Login;
  readonly #closing = new AbortController();
  #connection: Connection | undefined;

  constructor(login: Login) {
    this.#login = login;
  }

  /** The JSON that the server answers with. */
  async call(call: Call): Promise<unknown> {
    const { response, operation } = await this.#send(call, AbortSignal.timeout(CALL_MS));
    try {
      return JSON.parse(await readAll(response));
    } catch (cause) {
      const isGarbage = cause instanceof SyntaxError;
      throw new StoreError(
        isGarbage ? 'InternalError' : 'ServiceUnavailable',
        `${operation}: ${isGarbage ? 'invalid response body' : (cause as Error).message}`,
        { cause },
      );
    }
  }

  /** An answer that is read as it comes. It ends with `signal`. */
  async open(call: Call): Promise<Response> {
    return (await this.#send(call, undefined)).response;
  }

  close(): void {
    this.#closing.abort();
    this.#connection?.opened.then((transport) => transport.close()).catch(() => undefined);
  }

  /** Repeats what the server asks to repeat, what it refused for an old login, and reads for which the connection broke. */
  async #send(call: Call, timeout: AbortSignal | undefined): Promise<{ readonly response: Response; readonly operation: string }> {
    const operation = `${call.method} ${this.#login.server}${call.path}`;
    const signals = [this.#closing.signal, ...(call.signal ? [call.signal] : []), ...(timeout ? [timeout] : [])];
    const signal = AbortSignal.any(signals);
    for (let tries = 1; ; tries += 1) {
      const response = await this.#try(call, signal).catch((error: unknown) => {
        if (call.signal?.aborted || this.#closing.signal.aborted)
          throw call.signal?.reason ?? new StoreError('ServiceUnavailable', 'the store is closed');
        if (timeout?.aborted) throw new StoreError('Timeout', `${operation}: no answer within ${CALL_MS / 1000} s`, { cause: error });
        if (call.method === 'GET' && tries === 1) return undefined;
        if (error instanceof StoreError) throw error;
        throw new StoreError('ServiceUnavailable', `${operation}: ${(error as Error).message}`, { cause: error });
      });
      if (response === undefined) continue;
      if (response.status < 300) return { response, operation };
      const error = await errorOf(operation, response);
      if (error.reason === 'Unauthorized' && tries === 1) this.#login.credentials.refuse();
      else if (error.retryAfterSeconds === undefined || tries >= MOST_TRIES || ![429, 500, 503].includes(response.status)) throw error;
      else await delay(error.retryAfterSeconds * 1000, undefined, { signal }).catch(() => Promise.reject(error));
    }
  }

  async #try(call: Call, signal: AbortSignal): Promise<Response> {
    signal.throwIfAborted();
    const credential = await this.#login.credentials.get();
    const current = this.#connect(credential);
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers = {
      accept: 'application/json',
      'user-agent': 'axoneme',
      ...(body !== undefined && { 'content-type': call.contentType ?? 'application/json' }),
      ...(credential.authorization && { authorization: credential.authorization }),
    };
    try {
      const transport = await current.opened;
      return await transport.request({
        method: call.method,
        path: pathOf(this.#login.server, call),
        headers,
        signal,
        ...(body !== undefined && { body }),
      });
    } catch (error) {
      // an aborted request says nothing about the connection
      if (!signal.aborted && this.#connection === current) this.#connection = undefined;
      throw error;
    }
  }

  /** The connection for a credential: another client certificate needs another one, and so does one that the server ends. */
  #connect(credential: Credential): Connection {
    const known = this.#connection;
    if (known !== undefined && known.credential.cert === credential.cert && known.transport?.isOpen !== false) return known;
    if (known?.credential.cert !== credential.cert) known?.opened.then((transport) => transport.close()).catch(() => undefined);
    const connection: Connection = { opened: openTransport(this.#login, credential), credential };
    connection.opened.then(
      (transport) => {
        connection.transport = transport;
      },
      () => undefined,
    );
    this.#connection = connection;
    return connection;
  }
}

function pathOf(server: string, { path, query = {} }: Call): string {
  const base = new URL(server).pathname.replace(/\/$/, '');
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)] as [string, string]));
  return `${base}${path}${given.length === 0 ? '' : `?${search}`}`;
}

async function readAll({ body }: Response): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function errorOf(operation: string, response: Response): Promise<StoreError> {
  const text = await readAll(response).catch(() => '');
  const retryAfter = Number(response.headers['retry-after']);
  let status: unknown;
  try {
    status = JSON.parse(text);
  } catch {
    status = { message: text.slice(0, 200).trim() || undefined };
  }
  return errorOfStatus(operation, status, response.status, Number.isFinite(retryAfter) ? retryAfter : undefined);
}

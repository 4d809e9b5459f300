import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { Credential } from './credentials.ts';
import type { Login } from './kubeconfig.ts';

export interface Request {
  readonly method: string;
  /** with its query */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

/** A connection to one server, with one client certificate. */
export interface Transport {
  /** takes requests */
  readonly isOpen: boolean;
  request(request: Request): Promise<Response>;
  close(): void;
}

/** A ping this often; one that has no answer when the next is due ends the connection: a dead peer is found within twice this time. */
const PING_MS = 15_000;
const CONNECT_MS = 10_000;
const WINDOW = 1024 * 1024;

/** HTTP/2 where the server offers it, else HTTP/1.1 with kept connections and TCP keepalive. Rejects when there is no connection. */
export async function openTransport(login: Login, { cert, key }: Credential): Promise<Transport> {
  const url = new URL(login.server);
  if (url.protocol === 'http:') return new Http1(url, httpRequest, new HttpAgent({ keepAlive: true, keepAliveMsecs: PING_MS }));
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const servername = login.serverName ?? (isIP(host) ? '' : host);
  const tls = { ca: login.ca, cert, key, servername, rejectUnauthorized: !login.isInsecure };
  const socket = await connectTls({ ...tls, host, port: Number(url.port || 443), ALPNProtocols: ['h2', 'http/1.1'] });
  if (socket.alpnProtocol === 'h2') return new Http2(url, socket);
  socket.destroy();
  return new Http1(url, httpsRequest, new HttpsAgent({ keepAlive: true, keepAliveMsecs: PING_MS, ...tls }));
}

function connectTls(options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect(options);
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error(`no connection within ${CONNECT_MS / 1000} s`)));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

class Http2 implements Transport {
  readonly #session: ClientHttp2Session;
  readonly #timer: NodeJS.Timeout;
  #isWaiting = false;

  constructor(url: URL, socket: TLSSocket) {
    this.#session = connect(url, { createConnection: () => socket, settings: { initialWindowSize: WINDOW, enablePush: false } });
    // what breaks the connection is reported by the requests that it breaks
    this.#session.on('error', () => undefined);
    this.#session.on('connect', () => this.#session.setLocalWindowSize(4 * WINDOW));
    this.#session.on('goaway', () => this.#session.close());
    this.#session.on('close', () => clearInterval(this.#timer));
    this.#timer = setInterval(() => this.#ping(), PING_MS).unref();
  }

  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  request({ method, path, headers, body, signal }: Request): Promise<Response> {
    const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH, HTTP2_HEADER_STATUS } = constants;
    return new Promise((resolve, reject) => {
      const stream = this.#session.request(
        { [HTTP2_HEADER_METHOD]: method, [HTTP2_HEADER_PATH]: path, ...headers },
        { signal, endStream: body === undefined },
      );
      stream.once('error', reject);
      stream.once('close', () => reject(new Error('the connection was closed before an answer')));
      stream.once('response', (answer) => {
        // Read from now on: a short answer may be over, and its stream closed, before its reader comes.
        const body = new PassThrough();
        pipeline(stream, body, () => undefined);
        resolve({ status: Number(answer[HTTP2_HEADER_STATUS]), headers: answer, body });
      });
      if (body !== undefined) stream.end(body);
    });
  }

  close(): void {
    this.#session.destroy();
  }

  #ping(): void {
    if (this.#isWaiting) this.#session.destroy(new Error(`no answer to a ping within ${PING_MS / 1000} s`));
    if (this.#session.destroyed) return;
    this.#isWaiting = true;
    this.#session.ping((error) => {
      this.#isWaiting = error !== null;
    });
  }
}

type StartRequest = typeof httpRequest | typeof httpsRequest;

class Http1 implements Transport {
  readonly isOpen = true;
  readonly #url: URL;
  readonly #start: StartRequest;
  readonly #agent: HttpAgent;

  constructor(url: URL, start: StartRequest, agent: HttpAgent) {
    this.#url = url;
    this.#start = start;
    this.#agent = agent;
  }

  request({ method, path, headers, body, signal }: Request): Promise<Response> {
    return new Promise((resolve, reject) => {
      const take = (answer: IncomingMessage) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer });
      const { protocol, hostname, port } = this.#url;
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
      const options = { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), port, method, path, signal, agent: this.#agent };
      const outgoing = this.#start({ ...options, headers: { ...headers, ...length } }, take);
      outgoing.once('error', reject);
      // libuv probes each second after the first silence, ten times
      outgoing.once('socket', (socket) => socket.setKeepAlive(true, PING_MS));
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

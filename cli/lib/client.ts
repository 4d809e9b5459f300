import { request } from 'node:http';
import type { ApiError, BpfEndpointRow, BpfIpcacheRow, Endpoint, Health, IpamStatus, Status } from '../../conf/api/types.ts';
import { CliError } from './errors.ts';

/** What the daemon answers to each GET that the commands use. */
export interface ApiBodies {
  '/v1/healthz': Health;
  '/v1/status': Status;
  '/v1/ipam': IpamStatus;
  '/v1/config': Readonly<Record<string, unknown>>;
  '/v1/endpoints': readonly Endpoint[];
  '/v1/bpf/endpoints': readonly BpfEndpointRow[];
  '/v1/bpf/ipcache': readonly BpfIpcacheRow[];
}

/** How long the daemon may take to answer, in milliseconds: it answers in a few, so this is for one that hangs. */
const timeout = 10_000;

/** An answer that is not 2xx, with the daemon's own code (`ApiErrorCode`). */
export class ApiFailure extends CliError {
  readonly code: string;
  /** HTTP status. */
  readonly status: number;

  constructor(error: ApiError, status: number) {
    super(error.details ? `${error.message} (${error.details})` : error.message);
    this.code = error.code;
    this.status = status;
  }
}

/** Nobody answers on the socket. */
export class Unreachable extends CliError {}

/** Client of the daemon's API: HTTP over its Unix socket. */
export class ApiClient {
  readonly #socket: string;

  /** @param socket path of the daemon's socket */
  constructor(socket: string) {
    this.#socket = socket;
  }

  /** @throws Unreachable, ApiFailure, CliError (an answer that is no JSON) */
  async get<P extends keyof ApiBodies>(path: P): Promise<ApiBodies[P]> {
    return (await this.#get(path)) as ApiBodies[P];
  }

  /** One endpoint by its number. */
  async endpoint(id: number): Promise<Endpoint> {
    return (await this.#get(`/v1/endpoints/${id}`)) as Endpoint;
  }

  async #get(path: string): Promise<unknown> {
    const { status, text } = await this.#exchange(path);
    const body = parse(text);
    if (status === 200 && body !== undefined) return body;
    if (isApiError(body)) throw new ApiFailure(body, status);
    throw new CliError(`get ${path} from the daemon at ${this.#socket}: unexpected answer ${status} ${JSON.stringify(text.slice(0, 80))}`);
  }

  #exchange(path: string): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(this.#unreachable(error));
      const call = request({ socketPath: this.#socket, path, timeout, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', fail);
      });
      call.on('timeout', () => call.destroy(new Error(`no answer within ${timeout / 1000} s`)));
      call.on('error', fail);
      call.end();
    });
  }

  #unreachable(error: NodeJS.ErrnoException): Unreachable {
    const reason = reasons[error.code ?? ''] ?? error.message;
    return new Unreachable(`reach the daemon at ${this.#socket}: ${reason}`, 1, { cause: error });
  }
}

/** What connect(2) on a Unix socket, or the exchange after it, says; see unix(7). */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such socket; start it with 'axoneme daemon'",
  ECONNREFUSED: "it does not run; start it with 'axoneme daemon'",
  EACCES: 'permission denied; run this as root',
  ECONNRESET: 'it closed the connection without an answer',
  EPIPE: 'it closed the connection without an answer',
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isApiError(body: unknown): body is ApiError {
  return typeof body === 'object' && body !== null && 'code' in body && 'message' in body;
}

import { Agent, createServer, request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Exchange, serving } from './exchange.ts';
import { WrongAnswer, withinTime } from './outcome.ts';
import { connectTcp, listenTcp } from './socket.ts';

/** An HTTP request and the answer that it should get. */
export interface HttpTarget {
  /** default 80 */
  readonly port?: number;
  /** default `/` */
  readonly path?: string;
  /** default `GET` */
  readonly method?: string;
  /** the Host header; the address unless given */
  readonly host?: string;
  /** the answer's status (default 200) */
  readonly status?: number;
  /** what the answer's body must contain or match; not looked at unless given */
  readonly body?: string | RegExp;
}

/** What the probe's own server answers with: the status that is asked for, and the path as body. */
function respond(target: HttpTarget, path: string, response: ServerResponse): void {
  response.statusCode = path === (target.path ?? '/') ? (target.status ?? 200) : 404;
  response.end(typeof target.body === 'string' ? target.body : path);
}

/** One HTTP/1.1 request over a connection of its own. */
export function httpExchange(target: HttpTarget): Exchange {
  const { port = 80, path = '/', method = 'GET', status = 200, body } = target;
  return {
    name: `HTTP ${method} ${path} on port ${port}`,
    port,
    lossy: false,
    async serve({ at, family, address, port: own }, seen) {
      const http = createServer((incoming, response) => respond(target, incoming.url ?? '', response));
      const handle = (socket: Socket) => void http.emit('connection', socket);
      return serving(seen, handle, (onConnection) => listenTcp(at, family, onConnection, own, address));
    },
    async attempt({ at, family, address }, timeout) {
      const began = performance.now();
      const socket = await connectTcp(at, family, address, port, timeout);
      try {
        const left = Math.max(1, timeout - (performance.now() - began));
        const host = target.host ?? (family === 4 ? address : `[${address}]`);
        const answer = await withinTime(fetchOver(socket, { path, method, host }), left);
        if (answer.status !== status) throw new WrongAnswer(`status ${answer.status}, not ${status}`);
        if (!contains(answer.body, body)) throw new WrongAnswer(`body ${JSON.stringify(answer.body.slice(0, 200))}, not ${String(body)}`);
      } finally {
        socket.destroy();
      }
    },
  };
}

function contains(text: string, wanted: string | RegExp | undefined): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);
}

/** The request on a connection that is there already; status 0 never comes. */
function fetchOver(
  socket: Socket,
  { path, method, host }: { path: string; method: string; host: string },
): Promise<{ status: number; body: string }> {
  const agent = new Agent({ keepAlive: false });
  agent.createConnection = () => socket;
  return new Promise((resolve, reject) => {
    const call = request({ agent, path, method, headers: { host, connection: 'close' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    call.on('error', reject);
    call.end();
  });
}

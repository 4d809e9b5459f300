import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Endpoint, EndpointPlan, EndpointRequest } from '../../conf/api/types.ts';
import { hostIfname } from '../../conf/names.ts';

/** Answers one request in place of the daemon. */
export type Answer = (request: IncomingMessage, response: ServerResponse, body: unknown) => void;

/**
 * The daemon's API without a daemon behind it: keeps endpoints in memory, gives addresses by id, and can be told to misbehave. It ties nothing to
 * the connection, so that whatever the plugin leaves behind stays to be seen.
 */
export class FakeDaemon implements AsyncDisposable {
  readonly endpoints = new Map<number, Endpoint>();
  /** Requests in order, as `POST /v1/endpoints`. */
  readonly seen: string[] = [];
  /** `METHOD path` with `:id` → what to answer instead. */
  readonly instead = new Map<string, Answer>();
  /** Called when a connection ends. */
  onDisconnect: () => void = () => undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.onDisconnect();
      });
    });
  }

  /** Listens on a Unix socket; the folder is made. */
  static async listen(path: string): Promise<FakeDaemon> {
    const daemon = new FakeDaemon(path);
    mkdirSync(dirname(path), { recursive: true });
    rmSync(path, { force: true });
    await new Promise<void>((resolve) => daemon.#server.listen(path, resolve));
    return daemon;
  }

  /** Goes away and leaves the socket file behind, as after `kill -9`. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#path, { force: true });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body: unknown = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
    const id = Number(/\d+/.exec(request.url?.slice(3) ?? '')?.[0] ?? 0);
    const route = `${request.method} ${request.url?.replace(`/${id}`, '/:id')}`;
    this.seen.push(route);
    const instead = this.instead.get(route);
    if (instead) instead(request, response, body);
    else reply(response, this.#answer(route, id, body));
  }

  #answer(route: string, id: number, body: unknown): unknown {
    const { containerId, ifname } = (body ?? {}) as Partial<Endpoint>;
    const found = [...this.endpoints.values()].find((one) => one.containerId === containerId && one.ifname === ifname);
    switch (route) {
      case 'GET /v1/healthz':
        return { state: 'ok', problems: [], version: '0' };
      case 'POST /v1/endpoints':
        return this.#plan(body as EndpointRequest);
      case 'POST /v1/endpoints/disconnect':
        return found ?? null;
      case 'POST /v1/endpoints/check':
        return found ? { endpoint: found, problems: [] } : null;
      case 'DELETE /v1/endpoints/:id':
        this.endpoints.delete(id);
        return undefined;
      default:
        return undefined;
    }
  }

  #plan(request: EndpointRequest): EndpointPlan {
    const id = this.endpoints.size + 1;
    const pins = '/sys/fs/bpf/axoneme/v1';
    const endpoint: Endpoint = {
      containerId: request.containerId,
      ifname: request.ifname,
      id,
      state: 'creating',
      netns: request.netns,
      pod: request.pod,
      identity: 5,
      labels: [],
      ipv4: { address: `10.9.0.${id + 1}`, pool: 'default' },
      ipv6: { address: `fd09::${id + 1}`, pool: 'default' },
      hostIfname: hostIfname(request),
      hostIfindex: 0,
      hostMac: `02:00:00:00:01:0${id}`,
      mac: request.mac ?? `02:00:00:00:02:0${id}`,
      mtu: request.mtu ?? 1500,
      createdAt: new Date().toISOString(),
    };
    this.endpoints.set(id, endpoint);
    return {
      endpoint,
      routers: { ipv4: '10.9.0.1', ipv6: 'fd09::1' },
      attach: {
        kind: 'tcx',
        fromContainer: `${pins}/progs/axo_from_container`,
        toContainer: `${pins}/progs/axo_to_container`,
        links: `${pins}/links/${endpoint.hostIfname}`,
      },
    };
  }
}

function reply(response: ServerResponse, value: unknown): void {
  if (value === undefined) response.writeHead(204).end();
  else if (value === null) response.writeHead(404, JSON_TYPE).end('{"code":"not-found","message":"find endpoint: none"}');
  else response.writeHead(200, JSON_TYPE).end(JSON.stringify(value));
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** A refusal with a body of the API. */
export const refuse =
  (status: number, code: string, message = code): Answer =>
  (_request, response) =>
    void response.writeHead(status, JSON_TYPE).end(JSON.stringify({ code, message }));

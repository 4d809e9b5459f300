import { chmodSync } from 'node:fs';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, type FastifyServerOptions, fastify } from 'fastify';
import * as z from 'zod/mini';
import { describeIssues, endpointId } from '../../conf/api/schemas.ts';
import type { ApiError, ApiErrorCode } from '../../conf/api/types.ts';
import { DomainError } from '../domain-error.ts';
import { messageOf } from '../failure.ts';
import type { Logger } from '../log.ts';
import { claimOf } from './claims.ts';
import { openApiDocument } from './openapi.ts';
import type { Call, Route } from './route.ts';

/** The largest request is an `EndpointRequest` with a long CNI_NETNS: some kB. */
const BODY_LIMIT = 64 * 1024;
/** A client that has sent half a request holds a socket no longer than this. */
const REQUEST_TIMEOUT_MS = 30_000;
/** How long an ending daemon waits for calls under way. */
const CLOSE_TIMEOUT_MS = 3_000;

const STATUS: Record<ApiErrorCode, number> = {
  'bad-request': 400,
  'not-found': 404,
  exists: 409,
  busy: 409,
  'address-unavailable': 409,
  'pool-unknown': 422,
  'pool-exhausted': 503,
  starting: 503,
  internal: 500,
};

/** Our routes carry no fastify schema, so that it never asks. */
const unused = (): never => {
  throw new Error('no schema compiler');
};

const options: FastifyServerOptions = {
  bodyLimit: BODY_LIMIT,
  requestTimeout: REQUEST_TIMEOUT_MS,
  forceCloseConnections: 'idle',
  // Its answer is none of the API: `refuseWhenEnding` gives ours.
  return503OnClosing: false,
  // Naming the two builders keeps fastify from loading its own validator and serialiser.
  schemaController: { compilersFactory: { buildValidator: unused, buildSerializer: unused } },
};

/** What is served. */
export interface Api {
  readonly routes: readonly Route[];
  /** Until then only routes with `always` are answered. */
  readonly isServing: () => boolean;
}

/** A listening API. */
export interface ApiServer {
  /** Stops listening, lets calls under way end for some seconds, then closes every connection. Removes the socket file, unless a service manager keeps it. */
  close(): Promise<void>;
}

/**
 * Serves the API on a Unix socket of mode 0600. The folder must exist; a socket file there must have been removed. With `passedFd`, a socket
 * that a service manager listens on and keeps: its file and mode are the manager's, and clients wait in its queue while no daemon runs.
 */
export async function serveApi(socketPath: string, api: Api, log: Logger, passedFd?: number): Promise<ApiServer> {
  const app = createApp(api, log);
  if (passedFd === undefined) {
    await app.listen({ path: socketPath });
    chmodSync(socketPath, 0o600);
  } else {
    await listenOn(app, passedFd);
  }
  return { close: () => close(app) };
}

/** What fastify's own listen does, which wants an address of the socket; Node knows none of a descriptor that it did not bind. */
async function listenOn(app: FastifyInstance, fd: number): Promise<void> {
  await app.ready();
  await new Promise<void>((resolve, reject) => {
    app.server.once('error', reject).listen({ fd }, () => resolve(void app.server.off('error', reject)));
  });
}

async function close(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), CLOSE_TIMEOUT_MS);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}

/** The application without a socket; tests call it by `inject`. */
export function createApp(api: Api, log: Logger): FastifyInstance {
  const app = fastify(options);
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, log));
  app.setNotFoundHandler((request, reply) => {
    void reply.code(404).send({ code: 'not-found', message: `find ${request.method} ${request.url}: no such route` } satisfies ApiError);
  });
  refuseWhenEnding(app);
  for (const route of api.routes) {
    app.route({ method: route.method, url: route.path, handler: (request, reply) => answer(route, api, request, reply) });
  }
  app.get('/v1/openapi.json', () => openApiDocument(api.routes));
  return app;
}

/** A call that reaches a daemon that ends belongs to the next one: `starting` makes the client wait for it. */
function refuseWhenEnding(app: FastifyInstance): void {
  let isEnding = false;
  app.addHook('preClose', async () => {
    isEnding = true;
  });
  app.addHook('onRequest', async () => {
    if (isEnding) throw new DomainError('starting', 'serve the call: the daemon is ending');
  });
}

async function answer(route: Route, api: Api, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  if (!api.isServing() && route.always !== true) throw new DomainError('starting', 'serve the call: the daemon is starting');
  const call: Call = {
    body: route.body === undefined ? undefined : parse(route.body, request.body),
    id: route.path.includes(':id') ? parse(endpointId, Number((request.params as { id: string }).id)) : 0,
    query: parseQuery(route, request.query),
    claim: claimOf(request.raw.socket),
  };
  const result = await route.run(call);
  if (route.answer !== undefined) return result;
  return await reply.code(204).send();
}

/** Names that the route does not know are none of its business. */
function parseQuery({ query = {} }: Route, given: unknown): Record<string, string> {
  const values = given as Readonly<Record<string, unknown>>;
  const known = Object.entries(query).filter(([name]) => values[name] !== undefined);
  return Object.fromEntries(known.map(([name, schema]) => [name, parse(schema, values[name])]));
}

/** The value, checked. Throws DomainError `bad-request`. */
export function parse<T>(schema: z.ZodMiniType<T>, value: unknown): T {
  const parsed = z.safeParse(schema, value);
  if (!parsed.success) throw new DomainError('bad-request', `read request: ${describeIssues(parsed.error.issues)}`);
  return parsed.data;
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): void {
  const [status, body] = toApiError(error);
  if (status >= 500 && body.code === 'internal') {
    log.error({ method: request.method, url: request.url, error: messageOf(error), stack: (error as Error).stack }, 'call failed');
  }
  void reply.code(status).send(body);
}

/** Status and body for anything thrown: our own refusals, fastify's (body too large, not JSON), and the unforeseen. */
export function toApiError(error: unknown): [number, ApiError] {
  if (error instanceof DomainError) {
    const details = error.details ?? (error.cause === undefined ? undefined : messageOf(error.cause));
    return [STATUS[error.code], { code: error.code, message: error.message, ...(details === undefined ? {} : { details }) }];
  }
  const status = (error as { statusCode?: unknown }).statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return [status, { code: 'bad-request', message: `read request: ${messageOf(error).toLowerCase()}` }];
  }
  return [500, { code: 'internal', message: messageOf(error) }];
}

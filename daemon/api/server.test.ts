import { readFileSync, statSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CallLog } from '../calls.ts';
import { DomainError } from '../domain-error.ts';
import { createBench } from '../endpoint/fakes.ts';
import { endpointRoutes } from '../endpoint/routes.ts';
import { EndpointService } from '../endpoint/service.ts';
import { silent } from '../log.ts';
import type { Core } from '../module.ts';
import { NodeStatus } from '../node-status.ts';
import { type Api, type ApiServer, createApp, serveApi, toApiError } from './server.ts';
import { documentPath, documentText, wholeDocument } from './write-openapi.ts';

let bench: ReturnType<typeof createBench>;

beforeEach(() => {
  bench = createBench();
});
afterEach(() => bench[Symbol.dispose]());

/** The routes of endpoints over the bench's manager, and the health of a daemon that serves them, or starts. */
function api(isServing = () => true): Api {
  const { manager } = bench;
  const endpoints = new EndpointService(() => manager, new CallLog(silent));
  const status = new NodeStatus({ core: {} as Core, modules: [], isServing, ownProblems: () => [] });
  return { routes: [...status.routes, ...endpointRoutes(endpoints)], isServing };
}

describe('routes', () => {
  const call = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object, isServing?: () => boolean) => {
    const answer = await createApp(api(isServing), silent).inject({ method, url, ...(payload === undefined ? {} : { payload }) });
    return { status: answer.statusCode, body: answer.body === '' ? undefined : answer.json() };
  };

  it('answers health, and refuses the rest, while the daemon starts', async () => {
    expect(await call('GET', '/v1/healthz', undefined, () => false)).toMatchObject({ status: 200, body: { state: 'starting' } });
    expect(await call('GET', '/v1/endpoints', undefined, () => false)).toMatchObject({ status: 503, body: { code: 'starting' } });
  });

  it.each([
    ['no such route', 'GET', '/v1/nothing', undefined, 404, 'no such route'],
    ['no such endpoint', 'GET', '/v1/endpoints/7', undefined, 404, 'find endpoint 7'],
    ['an id that is none', 'GET', '/v1/endpoints/x', undefined, 400, 'expected'],
    ['an id out of range', 'DELETE', '/v1/endpoints/65536', undefined, 400, 'at most 65535'],
    ['no body', 'POST', '/v1/endpoints', undefined, 400, 'expected object'],
    ['an unknown field', 'POST', '/v1/endpoints/check', { containerId: 'a', ifname: 'eth0', x: 1 }, 400, 'unknown field x'],
    ['an id with a slash', 'POST', '/v1/endpoints/check', { containerId: 'a/b', ifname: 'eth0' }, 400, 'containerId: does not match'],
    ['a long ifname', 'POST', '/v1/endpoints/check', { containerId: 'a', ifname: 'a'.repeat(16) }, 400, 'ifname: does not match'],
    ['an unknown attachment', 'POST', '/v1/endpoints/disconnect', { containerId: 'a', ifname: 'eth0' }, 404, 'no attachment a/eth0'],
  ] as const)('refuses %s', async (_what, method, url, body, status, message) => {
    const answer = await call(method, url, body);
    expect(answer.status).toBe(status);
    expect(answer.body.message).toContain(message);
  });

  it('refuses a body that is too large or no JSON, with an ApiError', async () => {
    const app = createApp(api(), silent);
    const headers = { 'content-type': 'application/json' };
    const large = await app.inject({ method: 'POST', url: '/v1/endpoints', headers, payload: `"${'x'.repeat(70_000)}"` });
    expect([large.statusCode, large.json().code]).toEqual([413, 'bad-request']);
    const broken = await app.inject({ method: 'POST', url: '/v1/endpoints', headers, payload: '{' });
    expect([broken.statusCode, broken.json().code]).toEqual([400, 'bad-request']);
  });
});

describe('toApiError', () => {
  it('has a status for every code, and details from the cause', () => {
    const error = new DomainError('exists', 'create endpoint: attachment exists', { cause: new Error('ready') });
    expect(toApiError(error)).toEqual([409, { code: 'exists', message: 'create endpoint: attachment exists', details: 'ready' }]);
    expect(toApiError(new Error('boom'))).toEqual([500, { code: 'internal', message: 'boom' }]);
    expect(toApiError('text')[0]).toBe(500);
  });
});

describe('the OpenAPI document', () => {
  it('is the one in docs/ (else: node daemon/api/write-openapi.ts)', () => {
    expect(JSON.parse(readFileSync(documentPath, 'utf8'))).toEqual(JSON.parse(documentText()));
  });

  it('names every schema that it refers to', () => {
    const text = JSON.stringify(wholeDocument());
    const { schemas } = wholeDocument()['components'] as { schemas: object };
    const references = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]);
    expect(references.length).toBeGreaterThan(10);
    for (const name of references) expect(Object.keys(schemas)).toContain(name);
  });
});

describe('the socket', () => {
  let server: ApiServer;
  let path: string;

  beforeEach(async () => {
    path = join(bench.folder, 'axoneme.sock');
    server = await serveApi(path, api(), silent);
  });
  afterEach(() => server.close());

  const post = (agent: Agent, url: string, body: object) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const call = httpRequest({ socketPath: path, path: url, method: 'POST', agent, headers }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode));
      });
      call.on('error', reject).end(JSON.stringify(body));
    });
  const until = (done: () => boolean) => expect.poll(done).toBe(true);
  /** Long enough for a connection to be taken and read: a turn of the event loop for each, at least, however slow they are. */
  const someTurns = async () => {
    for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve));
  };

  it('is for root alone', () => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('undoes an ADD whose connection ends', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await post(agent, '/v1/endpoints', bench.request())).toBe(200);
    expect(bench.manager.list()).toHaveLength(1);
    agent.destroy();
    await until(() => bench.manager.list().length === 0);
    expect(bench.addressing.owners.size).toBe(0);
  });

  it('undoes an ADD whose client left before the answer', async () => {
    const body = JSON.stringify(bench.request());
    const head = `POST /v1/endpoints HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    const socket = connect(path);
    socket.on('error', () => undefined);
    await new Promise<void>((resolve) => socket.write(head + body, () => resolve()));
    socket.destroy();
    await until(() => bench.datapath.calls.includes('bury'));
    expect(bench.manager.list()).toEqual([]);
  });

  it('tells a call that reaches it while it ends to wait for the next daemon', async () => {
    const body = JSON.stringify(bench.request());
    const head = `POST /v1/endpoints HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n`;
    const socket = connect(path);
    await new Promise<void>((resolve) => socket.write(head, () => resolve()));
    await someTurns();
    const closed = server.close();
    await someTurns();
    socket.write(`\r\n${body}`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toMatch(
      /^HTTP\/1.1 503 .*"code":"starting","message":"serve the call: the daemon is ending"/s,
    );
    await closed;
    expect(bench.manager.list()).toEqual([]);
  });

  it('serves a second client meanwhile, whose ADD of the same pod is busy', async () => {
    const first = new Agent({ keepAlive: true });
    const second = new Agent({ keepAlive: true });
    expect(await post(first, '/v1/endpoints', bench.request())).toBe(200);
    expect(await post(second, '/v1/endpoints', bench.request())).toBe(409);
    second.destroy();
    first.destroy();
  });
});

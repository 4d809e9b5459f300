import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, Server, type ServerResponse } from 'node:http';
import { createServer as createRawServer, type Server as RawServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EndpointRequest } from '../conf/api/types.ts';
import { AgentError } from './agent.ts';
import { DaemonClient } from './client.ts';
import type { Liveness } from './liveness.ts';
import { endpoint, plan } from './testing/fakes.ts';

const { containerId, ifname, netns, pod } = endpoint;
const wanted: EndpointRequest = { containerId, ifname, netns, pod };

let folder: string;
let socket: string;
const open: (Server | RawServer)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'axo-client-'));
  socket = join(folder, 's');
});

afterEach(() => {
  for (const server of open.splice(0)) server.close();
  rmSync(folder, { recursive: true });
});

/** A daemon that answers as told and writes down who asked what, by connection. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string[]> {
  const seen: string[] = [];
  let connections = 0;
  const numbers = new WeakMap<object, number>();
  const server = createServer((request, response) => {
    const number = numbers.get(request.socket) ?? ++connections;
    numbers.set(request.socket, number);
    request.resume().on('end', () => {
      seen.push(`${number} ${request.method} ${request.url}`);
      answer(request, response);
    });
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return seen;
}

/** Of daemons that answer: however busy the machine is. */
const once = { patienceMs: 0, answerMs: 5000 };

async function failure(work: Promise<unknown>): Promise<AgentError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AgentError) return error;
  throw new Error(`expected an AgentError, got ${String(error)}`);
}

const json = (status: number, body: unknown) => (_: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

test('does a whole ADD over one connection', async () => {
  const seen = await serve((request, response) => {
    if (request.method === 'POST') json(200, plan)(request, response);
    else response.writeHead(204).end();
  });
  using client = new DaemonClient(socket, once);
  expect(await client.createEndpoint({ ...wanted, addresses: ['10.0.0.5'] })).toEqual(plan);
  await client.connectEndpoint(7, { hostIfindex: 9 });
  await client.completeEndpoint(7);
  expect(seen).toEqual(['1 POST /v1/endpoints', '1 PUT /v1/endpoints/7/device', '1 PUT /v1/endpoints/7/ready']);
});

test('takes 404 as “no such attachment” for DEL and CHECK', async () => {
  await serve(json(404, { code: 'not-found', message: 'no such attachment' }));
  using client = new DaemonClient(socket, once);
  expect(await client.disconnectEndpoint(endpoint)).toBeUndefined();
  expect(await client.checkEndpoint(endpoint)).toBeUndefined();
  await client.deleteEndpoint(7);
});

test('passes on the daemon’s refusal with its code, message and details', async () => {
  await serve(json(503, { code: 'pool-exhausted', message: 'allocate from pool default: range is full', details: 'all' }));
  using client = new DaemonClient(socket, once);
  expect(await failure(client.createEndpoint(wanted))).toMatchObject({
    code: 'pool-exhausted',
    message: 'allocate from pool default: range is full',
    details: 'all',
  });
});

test('says that the daemon is not running when there is no socket, or nobody at it', async () => {
  using client = new DaemonClient(socket, once);
  expect(await failure(client.health())).toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('not running (no socket)'),
  });
  writeFileSync(socket, '');
  expect((await failure(client.health())).message).toContain('not running (nobody listens)');
});

test('waits for a daemon that starts', async () => {
  using client = new DaemonClient(socket, { patienceMs: 50_000, answerMs: 50_000 });
  const answer = client.health();
  await new Promise((resolve) => setTimeout(resolve, 80));
  let calls = 0;
  await serve((request, response) => {
    if (++calls === 1) json(503, { code: 'starting', message: 'the daemon is starting' })(request, response);
    else json(200, { state: 'ok', problems: [], version: '1' })(request, response);
  });
  expect((await answer).state).toBe('ok');
});

test('gives up on a daemon that does not answer, or never ends its answer', async () => {
  await serve((request, response) => {
    if (request.url === '/v1/endpoints') response.writeHead(200).write('{');
  });
  using client = new DaemonClient(socket, { patienceMs: 0, answerMs: 150 });
  expect(await failure(client.health())).toMatchObject({ code: 'timeout', message: expect.stringContaining('no answer within 150 ms') });
  expect(await failure(client.createEndpoint(wanted))).toMatchObject({ code: 'timeout' });
});

test.each<[string, string]>([
  ['not HTTP', 'SSH-2.0-x\r\n\r\n'],
  ['not JSON', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'],
  ['another shape', 'HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{"endpoint":{}}'],
  ['a plan without a router of its address', `HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${JSON.stringify({ ...plan, routers: {} })}`],
  ['an error without code', 'HTTP/1.1 500 Oops\r\ncontent-length: 2\r\n\r\n{}'],
  ['nothing', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'],
])('calls rubbish rubbish: %s', async (_, text) => {
  const server = createRawServer((connection) => void connection.on('error', () => undefined).once('data', () => connection.end(text)));
  open.push(server);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  using client = new DaemonClient(socket, once);
  expect(await failure(client.createEndpoint(wanted))).toMatchObject({ code: 'protocol' });
});

test('notices a connection that breaks', async () => {
  await serve((request) => request.socket.destroy());
  using client = new DaemonClient(socket, once);
  expect(await failure(client.createEndpoint(wanted))).toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('the connection broke'),
  });
});

test('knows when the daemon has ended its connection, and that its own end is none', async () => {
  await serve((_request, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(plan)));
  using client = new DaemonClient(socket, once);
  using other = new DaemonClient(socket, once);
  for (const each of [client, other]) await each.createEndpoint({ ...wanted });
  other.close();
  expect(client.isLost).toBe(false);
  for (const server of open) if (server instanceof Server) server.closeAllConnections();
  await expect.poll(() => client.isLost).toBe(true);
  expect(other.isLost).toBe(false);
});

describe('a daemon that shows whether it lives', () => {
  const alive: Liveness = { state: 'alive', phase: 'serving' };
  const options = (look: () => Liveness) => ({ patienceMs: 0, answerMs: 50, aliveMs: 5000, liveness: { look } });
  /** Answers after so many milliseconds: longer than a silent daemon is waited for. */
  const slowly =
    (milliseconds: number, status: number, body: object) =>
    (request: IncomingMessage, response: ServerResponse): void =>
      void setTimeout(() => json(status, body)(request, response), milliseconds);

  test('is waited for while it does, and not looked at while it answers', async () => {
    const looks: Liveness[] = [];
    const look = () => {
      looks.push(alive);
      return alive;
    };
    const healthy = { state: 'ok', problems: [], version: '1' };
    let delay = 400;
    await serve((request, response) => slowly(delay, 200, healthy)(request, response));
    using client = new DaemonClient(socket, options(look));
    expect((await client.health()).state).toBe('ok');
    expect(looks.length).toBeGreaterThan(0);
    looks.length = 0;
    delay = 0;
    expect((await client.health()).state).toBe('ok');
    expect(looks).toEqual([]);
  });

  test('is waited for while it starts, unless the caller wants to know just that', async () => {
    const starting: Liveness = { state: 'alive', phase: 'starting' };
    using status = new DaemonClient(socket, { ...options(() => starting), startingMs: 0 });
    expect(await failure(status.health())).toMatchObject({ code: 'unreachable', message: expect.stringContaining('no socket') });
    using add = new DaemonClient(
      socket,
      options(() => starting),
    );
    const answer = add.health();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await serve(json(200, { state: 'ok', problems: [], version: '1' }));
    expect((await answer).state).toBe('ok');
  });

  test('is not waited for when it serves and nobody listens: its socket was removed', async () => {
    using client = new DaemonClient(socket, { ...options(() => alive), aliveMs: 60_000 });
    expect(await failure(client.health())).toMatchObject({ code: 'unreachable', message: expect.stringContaining('no socket') });
    writeFileSync(socket, '');
    expect((await failure(client.health())).message).toContain('nobody listens');
  });

  test('is given up when it ends, and when it hangs, which is said in words of its own', async () => {
    await serve(() => undefined);
    let seen: Liveness = alive;
    using client = new DaemonClient(
      socket,
      options(() => seen),
    );
    setTimeout(() => {
      seen = { state: 'away' };
    }, 200);
    expect(await failure(client.health())).toMatchObject({ code: 'timeout', message: expect.stringContaining('no answer within 50 ms') });
    seen = { state: 'hung', pid: 7, silentMs: 34_200 };
    const message = expect.stringContaining('axoneme daemon (pid 7) is alive but has made no progress for 34 s');
    expect(await failure(client.health())).toMatchObject({ code: 'timeout', message });
  });
});

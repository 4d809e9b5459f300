import * as z from 'zod/mini';
import * as schemas from '../../conf/api/schemas.ts';
import type { AttachmentKey, CheckRequest, DeviceReport, DisconnectRequest, EndpointRequest } from '../../conf/api/types.ts';
import type { Claim } from '../endpoint/ports.ts';
import { DomainError } from '../failure.ts';
import type { Backend } from './backend.ts';

/** What a handler gets: the checked body, the checked id, and the client. */
export interface Call {
  readonly backend: Backend;
  readonly body: unknown;
  readonly id: number;
  /** Of the path's query, what the route names. */
  readonly query: Readonly<Record<string, string>>;
  readonly claim: Claim;
}

/** One row of the API: what the server registers and what the OpenAPI document says. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path with `:id` in fastify's notation. */
  readonly path: string;
  readonly operation: string;
  readonly summary: string;
  readonly body?: z.ZodMiniType;
  /** What the path's query may hold, all of it optional. */
  readonly query?: Readonly<Record<string, z.ZodMiniType<string>>>;
  /** Schema of the answer; 204 without a body when absent. */
  readonly answer?: z.ZodMiniType;
  /** Answered while the daemon starts, too. */
  readonly always?: boolean;
  readonly run: (call: Call) => unknown;
}

const found = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new DomainError('not-found', `find endpoint: no attachment ${what}`);
  return value;
};
const named = (key: AttachmentKey): string => `${key.containerId}/${key.ifname}`;

/** Every route but the document itself, in the order of the documentation. The bodies have passed their schema when `run` gets them. */
export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/healthz',
    operation: 'health',
    summary: 'Whether an ADD would be served',
    query: { pool: schemas.poolName },
    answer: schemas.health,
    always: true,
    run: ({ backend, query }) => backend.health(query['pool']),
  },
  {
    method: 'POST',
    path: '/v1/endpoints',
    operation: 'createEndpoint',
    summary: 'Reserve addresses and write the record; the endpoint belongs to this connection until it is ready',
    body: schemas.endpointRequest,
    answer: schemas.endpointPlan,
    run: ({ backend, body, claim }) => backend.createEndpoint(body as EndpointRequest, claim),
  },
  {
    method: 'PUT',
    path: '/v1/endpoints/:id/device',
    operation: 'connectEndpoint',
    summary: 'The device exists: put the endpoint into the maps',
    body: schemas.deviceReport,
    run: ({ backend, body, id, claim }) => backend.connectEndpoint(id, body as DeviceReport, claim),
  },
  {
    method: 'PUT',
    path: '/v1/endpoints/:id/ready',
    operation: 'completeEndpoint',
    summary: 'The programs are attached: the ADD is done',
    run: ({ backend, id, claim }) => backend.completeEndpoint(id, claim),
  },
  {
    method: 'POST',
    path: '/v1/endpoints/disconnect',
    operation: 'disconnectEndpoint',
    summary: 'DEL: take the endpoint out of the maps, bury its device and free its name; the device itself goes soon after',
    body: schemas.disconnectRequest,
    answer: schemas.endpoint,
    run: async ({ backend, body, claim }) =>
      found(await backend.disconnectEndpoint(body as DisconnectRequest, { claim, since: performance.now() }), named(body as AttachmentKey)),
  },
  {
    method: 'DELETE',
    path: '/v1/endpoints/:id',
    operation: 'deleteEndpoint',
    summary:
      'Take an unfinished ADD back, or wait for the end of a disconnected endpoint: answered when its device is gone and its addresses are free',
    run: ({ backend, id, claim }) => backend.deleteEndpoint(id, claim),
  },
  {
    method: 'POST',
    path: '/v1/endpoints/check',
    operation: 'checkEndpoint',
    summary: 'What is wrong with an attachment',
    body: schemas.checkRequest,
    answer: schemas.checkReport,
    run: async ({ backend, body }) => found(await backend.checkEndpoint(body as CheckRequest), named(body as CheckRequest)),
  },
  {
    method: 'GET',
    path: '/v1/endpoints',
    operation: 'listEndpoints',
    summary: 'All endpoints, lowest id first',
    answer: z.array(schemas.endpoint),
    run: ({ backend }) => backend.listEndpoints(),
  },
  {
    method: 'GET',
    path: '/v1/endpoints/:id',
    operation: 'getEndpoint',
    summary: 'One endpoint',
    answer: schemas.endpoint,
    run: ({ backend, id }) => backend.getEndpoint(id),
  },
  {
    method: 'GET',
    path: '/v1/status',
    operation: 'status',
    summary: 'Everything that `axoneme status` prints',
    answer: schemas.status,
    run: ({ backend }) => backend.status(),
  },
  {
    method: 'GET',
    path: '/v1/ipam',
    operation: 'ipam',
    summary: 'Pools and allocated addresses',
    answer: schemas.ipamStatus,
    run: ({ backend }) => backend.ipam(),
  },
  {
    method: 'GET',
    path: '/v1/config',
    operation: 'config',
    summary: 'The effective configuration, in the words of the configuration file',
    answer: z.looseObject({}),
    run: ({ backend }) => backend.config(),
  },
  {
    method: 'GET',
    path: '/v1/bpf/endpoints',
    operation: 'bpfEndpoints',
    summary: 'Rows of the map axo_endpoints',
    answer: z.array(schemas.bpfEndpointRow),
    run: ({ backend }) => backend.bpfEndpoints(),
  },
  {
    method: 'GET',
    path: '/v1/bpf/ipcache',
    operation: 'bpfIpcache',
    summary: 'Rows of the map axo_ipcache',
    answer: z.array(schemas.bpfIpcacheRow),
    run: ({ backend }) => backend.bpfIpcache(),
  },
];

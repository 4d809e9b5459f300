import * as z from 'zod/mini';
import * as schemas from '../../conf/api/schemas.ts';
import type { AttachmentKey, CheckRequest, DeviceReport, DisconnectRequest, EndpointRequest } from '../../conf/api/types.ts';
import type { Route } from '../api/route.ts';
import { DomainError } from '../domain-error.ts';
import type { EndpointService } from './service.ts';

const found = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new DomainError('not-found', `find endpoint: no attachment ${what}`);
  return value;
};
const named = (key: AttachmentKey): string => `${key.containerId}/${key.ifname}`;

/** The life of an endpoint, in the order of an ADD and a DEL. */
export function endpointRoutes(endpoints: EndpointService): Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/endpoints',
      operation: 'createEndpoint',
      summary: 'Reserve addresses and write the record; the endpoint belongs to this connection until it is ready',
      body: schemas.endpointRequest,
      answer: schemas.endpointPlan,
      run: ({ body, claim }) => endpoints.create(body as EndpointRequest, claim),
    },
    {
      method: 'PUT',
      path: '/v1/endpoints/:id/device',
      operation: 'connectEndpoint',
      summary: 'The device exists: put the endpoint into the maps',
      body: schemas.deviceReport,
      run: ({ body, id, claim }) => endpoints.connect(id, body as DeviceReport, claim),
    },
    {
      method: 'PUT',
      path: '/v1/endpoints/:id/ready',
      operation: 'completeEndpoint',
      summary: 'The programs are attached: the ADD is done',
      run: ({ id, claim }) => endpoints.complete(id, claim),
    },
    {
      method: 'POST',
      path: '/v1/endpoints/disconnect',
      operation: 'disconnectEndpoint',
      summary: 'DEL: take the endpoint out of the maps, bury its device and free its name; the device itself goes soon after',
      body: schemas.disconnectRequest,
      answer: schemas.endpoint,
      run: async ({ body, claim }) =>
        found(await endpoints.disconnect(body as DisconnectRequest, { claim, since: performance.now() }), named(body as AttachmentKey)),
    },
    {
      method: 'DELETE',
      path: '/v1/endpoints/:id',
      operation: 'deleteEndpoint',
      summary:
        'Take an unfinished ADD back, or wait for the end of a disconnected endpoint: answered when its device is gone and its addresses are free',
      run: ({ id, claim }) => endpoints.remove(id, claim),
    },
    {
      method: 'POST',
      path: '/v1/endpoints/check',
      operation: 'checkEndpoint',
      summary: 'What is wrong with an attachment',
      body: schemas.checkRequest,
      answer: schemas.checkReport,
      run: async ({ body }) => found(await endpoints.check(body as CheckRequest), named(body as CheckRequest)),
    },
    {
      method: 'GET',
      path: '/v1/endpoints',
      operation: 'listEndpoints',
      summary: 'All endpoints, lowest id first',
      answer: z.array(schemas.endpoint),
      run: () => endpoints.list(),
    },
    {
      method: 'GET',
      path: '/v1/endpoints/:id',
      operation: 'getEndpoint',
      summary: 'One endpoint',
      answer: schemas.endpoint,
      run: ({ id }) => endpoints.get(id),
    },
  ];
}

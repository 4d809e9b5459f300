import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import * as schemas from '../conf/api/schemas.ts';
import { bodies } from './fixtures.ts';

describe('the recorded bodies', () => {
  it.each([
    ['/v1/healthz', schemas.health],
    ['/v1/status', schemas.status],
    ['/v1/ipam', schemas.ipamStatus],
    ['/v1/endpoints', z.array(schemas.endpoint)],
    ['/v1/endpoints/331', schemas.endpoint],
    ['/v1/bpf/endpoints', z.array(schemas.bpfEndpointRow)],
    ['/v1/bpf/ipcache', z.array(schemas.bpfIpcacheRow)],
  ])('of %s passes the schema of the API', (path, schema) => {
    expect(schema.safeParse(bodies[path]).error?.issues).toBeUndefined();
  });
});

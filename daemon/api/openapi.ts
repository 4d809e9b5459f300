import * as z from 'zod/mini';
import * as schemas from '../../conf/api/schemas.ts';
import type { Route } from './route.ts';

type Json = Record<string, unknown>;

/** Names of the schemas in the document. */
const components = {
  AttachmentKey: schemas.attachmentKey,
  PodIdentity: schemas.podIdentity,
  EndpointRequest: schemas.endpointRequest,
  DeviceReport: schemas.deviceReport,
  Endpoint: schemas.endpoint,
  EndpointPlan: schemas.endpointPlan,
  CheckReport: schemas.checkReport,
  ApiError: schemas.apiError,
  Health: schemas.health,
  IpamStatus: schemas.ipamStatus,
  Status: schemas.status,
  BpfEndpointRow: schemas.bpfEndpointRow,
  BpfIpcacheRow: schemas.bpfIpcacheRow,
} as const satisfies Record<string, z.ZodMiniType>;

/**
 * The API's description, OpenAPI 3.1.0 (its schemas are JSON Schema 2020-12), made from the very schemas and routes that the server
 * runs. `docs/openapi.json` is this document; a test compares them.
 */
export function openApiDocument(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(':id', '{id}');
    const operations = paths[path] ?? {};
    operations[route.method.toLowerCase()] = operation(route);
    paths[path] = operations;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'axoneme daemon',
      version: '1',
      license: { name: 'Apache-2.0' },
      description: 'HTTP/1.1 with JSON bodies over the Unix socket /run/axoneme/axoneme.sock (mode 0600).',
    },
    paths,
    components: { schemas: componentSchemas() },
  };
}

function componentSchemas(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(components)) registry.add(schema, { id });
  const document = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(document.schemas).map(([id, schema]) => [id, bare(schema as Json)]));
}

/** Inside `components` a schema has neither its own address nor a dialect. */
function bare(schema: Json): Json {
  const { $id: _id, $schema: _dialect, ...rest } = schema;
  return rest;
}

function operation(route: Route): Json {
  const errors = { description: 'refused or failed', content: content(schemas.apiError) };
  const answer =
    route.answer === undefined ? { 204: { description: 'done' } } : { 200: { description: 'answer', content: content(route.answer) } };
  return {
    operationId: route.operation,
    summary: route.summary,
    ...parametersOf(route),
    ...(route.body === undefined ? {} : { requestBody: { required: true, content: content(route.body) } }),
    responses: { ...answer, default: errors },
  };
}

function parametersOf({ path, query = {} }: Route): Json {
  const parameters = [
    ...(path.includes(':id') ? [{ name: 'id', in: 'path', required: true, schema: spelt(schemas.endpointId) }] : []),
    ...Object.entries(query).map(([name, schema]) => ({ name, in: 'query', schema: spelt(schema) })),
  ];
  return parameters.length === 0 ? {} : { parameters };
}

function spelt(schema: z.ZodMiniType): Json {
  return bare(z.toJSONSchema(schema) as Json);
}

function content(schema: z.ZodMiniType): Json {
  return { 'application/json': { schema: reference(schema) } };
}

/** A named schema by its name, a list of a named schema by its item's name, anything else spelt out. */
function reference(schema: z.ZodMiniType): Json {
  const name = Object.entries(components).find(([, candidate]) => candidate === schema)?.[0];
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  if (schema instanceof z.ZodMiniArray) return { type: 'array', items: reference(schema.def.element as z.ZodMiniType) };
  return spelt(schema);
}

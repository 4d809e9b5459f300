import type * as z from 'zod/mini';
import type { Claim } from '../endpoint/ports.ts';

/** What a handler gets: the checked body, the checked id, and the client. */
export interface Call {
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
  /** The body has passed its schema. Throws DomainError. */
  readonly run: (call: Call) => unknown;
}

import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import * as schemas from '../conf/api/schemas.ts';
import type { Health, Status } from '../conf/api/types.ts';
import { version } from '../conf/version.ts';
import type { Route } from './api/route.ts';
import type { Core, Module } from './module.ts';

/** How long the status waits for a pass over the node, in milliseconds: the kernel may be busy with others. */
const PATIENCE_MS = 500;

export interface NodeStatusParts {
  readonly core: Core;
  readonly modules: readonly Module[];
  readonly isServing: () => boolean;
  /** What is wrong with the daemon's own files. */
  readonly ownProblems: () => readonly string[];
}

/** The node's health and status: what its modules say, together. */
export class NodeStatus {
  readonly routes: readonly Route[];
  readonly #parts: NodeStatusParts;
  readonly #startedAt = new Date();

  constructor(parts: NodeStatusParts) {
    this.#parts = parts;
    this.routes = routes(this, parts.core);
  }

  /** Milliseconds since the daemon began to start. */
  get ageMs(): number {
    return Date.now() - this.#startedAt.getTime();
  }

  /** Whether an ADD would be served, from this pool, the default one unless named. */
  health(pool?: string): Health {
    const { modules, isServing, ownProblems } = this.#parts;
    if (!isServing()) return { state: 'starting', problems: ['the daemon is starting'], version };
    const addressProblems = modules.flatMap((module) => module.addressProblems?.(pool) ?? []);
    const problems = [...ownProblems(), ...modules.flatMap((module) => module.problems?.() ?? []), ...addressProblems];
    const warnings = modules.flatMap((module) => module.warnings?.() ?? []);
    return { state: problems.length === 0 ? 'ok' : 'degraded', problems, addressProblems, warnings, version };
  }

  /** Sees the same as STATUS and CHECK: what the pass over the node that it begins leaves. */
  async status(): Promise<Status> {
    const { core, modules } = this.#parts;
    await Promise.race([core.running.datapath.inspectNode(), sleep(PATIENCE_MS, undefined, { ref: false })]);
    const daemon = { pid: process.pid, startedAt: this.#startedAt.toISOString(), residentBytes: process.memoryUsage.rss() };
    const sections = modules.map((module) => module.status?.() ?? {});
    return Object.assign({ health: this.health(), node: hostname(), daemon }, ...sections);
  }
}

function routes(status: NodeStatus, core: Core): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/healthz',
      operation: 'health',
      summary: 'Whether an ADD would be served',
      query: { pool: schemas.poolName },
      answer: schemas.health,
      always: true,
      run: ({ query }) => status.health(query['pool']),
    },
    {
      method: 'GET',
      path: '/v1/status',
      operation: 'status',
      summary: 'Everything that `axoneme status` prints',
      answer: schemas.status,
      run: () => status.status(),
    },
    {
      method: 'GET',
      path: '/v1/config',
      operation: 'config',
      summary: 'The effective configuration, in the words of the configuration file',
      answer: z.looseObject({}),
      run: () => core.config,
    },
  ];
}

import type * as z from 'zod/mini';
import * as schemas from '../../conf/api/schemas.ts';
import type {
  CheckReport,
  CheckRequest,
  DeviceReport,
  DisconnectRequest,
  Endpoint,
  EndpointPlan,
  EndpointRequest,
  Health,
} from '../../conf/api/types.ts';
import { type Agent, AgentError } from '../../plugin/agent.ts';
import { parse, toApiError } from '../api/server.ts';
import type { PassedDoor, Visitor } from '../endpoint/ports.ts';
import type { EndpointService } from '../endpoint/service.ts';

/** What a call asks of the daemon. */
export interface CallDaemon {
  /** False while it starts. */
  readonly serving: boolean;
  /** Whether an ADD would be served, from this pool, the default one unless named. */
  health(pool?: string): Health;
  readonly endpoints: EndpointService;
}

/** Who is served: whether it still waits, and what its unfinished work belongs to. */
export interface Caller extends Visitor {
  /** True once nobody waits for the answer. */
  readonly gone: boolean;
  /** The way into the pod, if it came along. */
  readonly door: PassedDoor | undefined;
}

/**
 * The daemon as an agent of calls that it serves itself. Requests pass the schemas of the API and errors bear its codes, so that a call has the
 * same outcome as through the socket. For a caller that is gone nothing is begun or finished any more, and everything taken back.
 */
export class DaemonAgent implements Agent {
  /** The daemon takes nothing back behind the back of a call that it serves. */
  readonly isLost = false;
  readonly #daemon: CallDaemon;
  readonly #caller: Caller;

  constructor(daemon: CallDaemon, caller: Caller) {
    this.#daemon = daemon;
    this.#caller = caller;
  }

  async health(pool?: string): Promise<Health> {
    return this.#daemon.health(pool);
  }

  async createEndpoint(request: EndpointRequest): Promise<EndpointPlan> {
    this.requireCaller();
    return await this.#ask(() => this.#daemon.endpoints.create(checked(schemas.endpointRequest, request), this.#caller.claim));
  }

  async connectEndpoint(id: number, device: DeviceReport): Promise<void> {
    this.requireCaller();
    await this.#ask(() => this.#daemon.endpoints.connect(id, checked(schemas.deviceReport, device), this.#caller.claim));
  }

  async completeEndpoint(id: number): Promise<void> {
    this.requireCaller();
    await this.#ask(() => this.#daemon.endpoints.complete(id, this.#caller.claim));
  }

  async disconnectEndpoint({ containerId, ifname, netns }: DisconnectRequest): Promise<Endpoint | undefined> {
    const request = checked(schemas.disconnectRequest, { containerId, ifname, ...(netns !== undefined && { netns }) });
    return await this.#ask(() => this.#daemon.endpoints.disconnect(request, this.#caller));
  }

  async deleteEndpoint(id: number): Promise<void> {
    await this.#ask(() => this.#daemon.endpoints.remove(id, this.#caller.claim)).catch((error: unknown) => {
      if (!(error instanceof AgentError && error.code === 'not-found')) throw error;
    });
  }

  async listEndpoints(): Promise<readonly Endpoint[]> {
    return await this.#ask(async () => this.#daemon.endpoints.list());
  }

  async checkEndpoint({ containerId, ifname, netnsIdentity }: CheckRequest): Promise<CheckReport | undefined> {
    const request = { containerId, ifname, ...(netnsIdentity !== undefined && { netnsIdentity }) };
    return await this.#ask(() => this.#daemon.endpoints.check(checked(schemas.checkRequest, request)));
  }

  /** Throws AgentError `unreachable` once nobody waits for the answer. */
  requireCaller(): void {
    if (this.#caller.gone) throw new AgentError('unreachable', 'serve the call: the runtime ended it');
  }

  async #ask<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const [, { code, message, details }] = toApiError(error);
      throw new AgentError(code, message, { cause: error, ...(details !== undefined && { details }) });
    }
  }
}

/** The request itself: what the schema would leave out is not there. Throws AgentError `bad-request`. */
function checked<T>(schema: z.ZodMiniType<T>, request: T): T {
  try {
    return parse(schema, request);
  } catch (error) {
    const [, { code, message }] = toApiError(error);
    throw new AgentError(code, message, { cause: error });
  }
}

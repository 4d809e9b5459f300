import type {
  ApiErrorCode,
  CheckReport,
  CheckRequest,
  DeviceReport,
  DisconnectRequest,
  Endpoint,
  EndpointPlan,
  EndpointRequest,
  Health,
} from '../conf/api/types.ts';

/**
 * What the command functions need from the daemon. Cold, it is an HTTP client on the daemon's socket; warm, the daemon itself.
 * Every method throws an error with a `code` of `AgentErrorCode`; match that, not the class.
 */
export interface Agent {
  /** The daemon ended while it had unfinished work of ours, which it takes back: from here on nothing that was made can be relied on. */
  readonly isLost: boolean;
  /** Whether an ADD would be served, from this pool, the default one unless named. */
  health(pool?: string): Promise<Health>;
  /** Reserves addresses and writes the record (`creating`). Takes over a half-made or dead attachment; refuses a live one (`exists`). */
  createEndpoint(request: EndpointRequest): Promise<EndpointPlan>;
  /** Puts the endpoint into the maps and opens the expedited window for its attaches. */
  connectEndpoint(id: number, device: DeviceReport): Promise<void>;
  /** Closes the window and marks the record `ready`. */
  completeEndpoint(id: number): Promise<void>;
  /**
   * The whole of a DEL: the endpoint is out of the maps, its device buried, its name free. The answer's state is `disconnected`; a daemon of before
   * that answers `disconnecting` and leaves the device to the caller. Undefined when there is none.
   */
  disconnectEndpoint(request: DisconnectRequest): Promise<Endpoint | undefined>;
  /** Takes an unfinished ADD back, or waits until the device of a disconnected endpoint is gone and its addresses are free; one that is not there is fine. */
  deleteEndpoint(id: number): Promise<void>;
  /** Every endpoint of the node, in whatever state. */
  listEndpoints(): Promise<readonly Endpoint[]>;
  /** The daemon's half of CHECK: record, maps, links, owner of the addresses; undefined when there is no such attachment. */
  checkEndpoint(request: CheckRequest): Promise<CheckReport | undefined>;
}

/**
 * Why an agent could not do what it was asked. Besides the daemon's own codes: `unreachable`, nobody listens or the connection broke;
 * `timeout`, no answer in time; `protocol`, an answer that makes no sense.
 */
export type AgentErrorCode = ApiErrorCode | 'unreachable' | 'timeout' | 'protocol';

/** A failed call of an agent that is reached through its socket. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: AgentErrorCode;
  readonly details: string | undefined;

  constructor(code: AgentErrorCode, message: string, options: { details?: string; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details;
  }
}

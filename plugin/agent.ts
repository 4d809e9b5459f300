import type { AttachmentKey, CheckReport, DeviceReport, Endpoint, EndpointPlan, EndpointRequest, Health } from '../conf/api/types.ts';

/**
 * What the command functions need from the daemon. Cold, it is an HTTP client on the daemon's socket; warm, the daemon itself.
 * Every method throws `AgentError` (code of `ApiErrorCode`, or `unreachable`).
 */
export interface Agent {
  health(): Promise<Health>;
  /** Reserves addresses and writes the record (`creating`). Takes over a half-made or dead attachment; refuses a live one (`exists`). */
  createEndpoint(request: EndpointRequest): Promise<EndpointPlan>;
  /** Puts the endpoint into the maps and opens the expedited window for its attaches. */
  connectEndpoint(id: number, device: DeviceReport): Promise<void>;
  /** Closes the window and marks the record `ready`. */
  completeEndpoint(id: number): Promise<void>;
  /** Takes the endpoint out of the maps and marks it `disconnecting`; undefined when there is none. */
  disconnectEndpoint(key: AttachmentKey): Promise<Endpoint | undefined>;
  /** Frees the addresses and removes the record, once the device is gone. */
  deleteEndpoint(id: number): Promise<void>;
  /** The daemon's half of CHECK: record, maps, links, owner of the addresses; undefined when there is no such attachment. */
  checkEndpoint(key: AttachmentKey): Promise<CheckReport | undefined>;
}

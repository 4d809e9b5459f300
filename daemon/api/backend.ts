import type {
  BpfEndpointRow,
  BpfIpcacheRow,
  CheckReport,
  CheckRequest,
  DeviceReport,
  DisconnectRequest,
  Endpoint,
  EndpointPlan,
  EndpointRequest,
  Health,
  IpamStatus,
  Status,
} from '../../conf/api/types.ts';
import type { Claim, Visitor } from '../endpoint/ports.ts';

/** What the API serves; the daemon is one, tests give another. Methods throw `DomainError`. */
export interface Backend {
  /** Whether an ADD would be served, from this pool, the default one unless named. */
  health(pool?: string): Health;
  /** True from the time when endpoints may be asked for. */
  readonly serving: boolean;
  createEndpoint(request: EndpointRequest, claim: Claim): Promise<EndpointPlan>;
  connectEndpoint(id: number, device: DeviceReport, claim: Claim): Promise<void>;
  completeEndpoint(id: number, claim: Claim): Promise<void>;
  disconnectEndpoint(request: DisconnectRequest, visitor?: Visitor): Promise<Endpoint | undefined>;
  deleteEndpoint(id: number, claim: Claim): Promise<void>;
  checkEndpoint(request: CheckRequest): Promise<CheckReport | undefined>;
  listEndpoints(): Endpoint[];
  getEndpoint(id: number): Endpoint;
  status(): Promise<Status>;
  ipam(): IpamStatus;
  /** The effective configuration, defaults included. */
  config(): unknown;
  bpfEndpoints(): BpfEndpointRow[];
  bpfIpcache(): BpfIpcacheRow[];
}

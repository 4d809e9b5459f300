import type {
  AttachmentKey,
  CheckReport,
  CheckRequest,
  DeviceReport,
  DisconnectRequest,
  Endpoint,
  EndpointPlan,
  EndpointRequest,
} from '../../conf/api/types.ts';
import type { CallLog } from '../calls.ts';
import type { EndpointManager } from './manager.ts';
import type { Claim, Visitor } from './ports.ts';

/** The manager as clients see it, whether they come by the API or by a call that the daemon serves: each call has its line in the log. Throws DomainError. */
export class EndpointService {
  readonly #manager: () => EndpointManager;
  readonly #calls: CallLog;

  /** `manager` throws DomainError `starting` while there is none. */
  constructor(manager: () => EndpointManager, calls: CallLog) {
    this.#manager = manager;
    this.#calls = calls;
  }

  create(request: EndpointRequest, claim: Claim): Promise<EndpointPlan> {
    return this.#calls.failing('ADD', nameOf(request), () => this.#manager().create(request, claim));
  }

  connect(id: number, device: DeviceReport, claim: Claim): Promise<void> {
    return this.#calls.failing('ADD', { id }, () => this.#manager().connect(id, device, claim));
  }

  async complete(id: number, claim: Claim): Promise<void> {
    this.#calls.added(await this.#calls.failing('ADD', { id }, () => this.#manager().complete(id, claim)));
  }

  async disconnect(request: DisconnectRequest, visitor?: Visitor): Promise<Endpoint | undefined> {
    const endpoint = await this.#calls.failing('DEL', nameOf(request), () => this.#manager().disconnect(request, visitor));
    if (endpoint === undefined) this.#calls.nothingToDelete(request);
    else this.#calls.deleted(endpoint);
    return endpoint;
  }

  async remove(id: number, claim: Claim): Promise<void> {
    const endpoint = await this.#calls.failing('DEL', { id }, () => this.#manager().remove(id, claim));
    if (endpoint !== undefined) this.#calls.deleted(endpoint);
  }

  async check(request: CheckRequest): Promise<CheckReport | undefined> {
    const report = await this.#calls.failing('CHECK', nameOf(request), () => this.#manager().check(request));
    this.#calls.checked(request, report?.problems);
    return report;
  }

  list(): Endpoint[] {
    return this.#manager().list();
  }

  get(id: number): Endpoint {
    return this.#manager().get(id);
  }
}

function nameOf({ containerId, ifname }: AttachmentKey): AttachmentKey {
  return { containerId, ifname };
}

import type { EndpointPlan } from '../../conf/api/types.ts';
import type { Paths } from '../../conf/paths.ts';
import { type Doors, KernelHost } from '../../plugin/kernel-host.ts';
import type { Pair, Pod, PodNetwork } from '../../plugin/types.ts';

/**
 * The kernel for a caller that may go. A process of its own makes nothing more once it was killed; a call served here would go on from a reservation
 * that took long to a device in a pod whose DEL was answered meanwhile. Taking back is never refused.
 */
export class AttendedHost extends KernelHost {
  readonly #attend: () => void;

  /** `attend` throws when the caller has gone. */
  constructor(paths: Paths, doors: Doors, attend: () => void) {
    super(paths, doors);
    this.#attend = attend;
  }

  override async createDevice(plan: EndpointPlan, pod: Pod): Promise<Pair> {
    this.#attend();
    return await super.createDevice(plan, pod);
  }

  override async configurePod(plan: EndpointPlan, network: PodNetwork, pod: Pod, pair: Pair): Promise<void> {
    this.#attend();
    await super.configurePod(plan, network, pod, pair);
  }

  override async attachPrograms(plan: EndpointPlan, hostIfindex: number): Promise<void> {
    this.#attend();
    await super.attachPrograms(plan, hostIfindex);
  }
}

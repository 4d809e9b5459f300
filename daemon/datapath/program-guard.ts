import type { Endpoint } from '../../conf/api/types.ts';
import { devicesLacking } from '../../native/index.ts';
import { messageOf } from '../failure.ts';
import { Periodic } from '../periodic.ts';
import { isDeviceOf } from './pod-device.ts';
import type { PodStateParts, WhileReady } from './pod-state-parts.ts';

/** How often all devices are asked for, in milliseconds. */
const PERIOD_MS = 1000;

export interface ProgramGuardParts extends Pick<PodStateParts, 'rtnl' | 'attachments' | 'hooks' | 'log'> {
  readonly whileReady: WhileReady;
  /** Restores an endpoint. */
  readonly restore: (id: number) => void;
}

/**
 * Without its programs a pod's device leads into the node's stack, which judges no sender. The kernel tells nobody that programs were taken off, so
 * that every second one look at all devices finds those that lack one: two system calls for each. Such a device goes down before anything else,
 * also where its repair has to wait. Devices that hold their programs otherwise than by tcx links are not looked at.
 */
export class ProgramGuard {
  readonly #parts: ProgramGuardParts;
  /** Ids of endpoints by the index of their device. */
  readonly #devices: ReadonlyMap<number, number>;
  readonly #looks: Periodic;

  constructor(parts: ProgramGuardParts, devices: ReadonlyMap<number, number>) {
    this.#parts = parts;
    this.#devices = devices;
    this.#looks = new Periodic(PERIOD_MS, () => this.#look());
  }

  close(): void {
    this.#looks.close();
  }

  async #look(): Promise<void> {
    if (this.#devices.size === 0) return;
    try {
      // Side by side: one whose DEL has to wait for the kernel keeps no other from going down.
      await Promise.all([...(await this.#lacking())].map((ifindex) => this.#handle(ifindex)));
    } catch (error) {
      if (!this.#looks.closed)
        this.#parts.log.error({ error: messageOf(error) }, 'looking for devices without programs failed, will retry');
    }
  }

  async #lacking(): Promise<ReadonlySet<number>> {
    const devices = [...this.#devices.keys()];
    const programs = this.#parts.hooks.tcxPrograms();
    const lists = await Promise.all(programs.map(({ attachType, program }) => devicesLacking(program, attachType, devices)));
    return new Set(lists.flat());
  }

  async #handle(ifindex: number): Promise<void> {
    const id = this.#devices.get(ifindex);
    const isUnjudged = id !== undefined && (await this.#parts.whileReady(id, (endpoint) => this.#mute(endpoint)));
    if (isUnjudged) this.#parts.restore(id);
  }

  /** False when the device has its programs: its ADD has just ended, say. A chained pod's is another plugin's to set down. */
  async #mute(endpoint: Endpoint): Promise<boolean> {
    const { rtnl, attachments, hooks, log } = this.#parts;
    const problems = await attachments.problems(hooks.pod(endpoint));
    if (problems.length === 0) return false;
    const link = await rtnl.links.find(endpoint.hostIfindex);
    if (link === undefined || !link.up || endpoint.chained === true || !isDeviceOf(link, endpoint)) return link !== undefined;
    await rtnl.links.set(link.ifindex, { up: false });
    log.warn({ id: endpoint.id, device: link.name, problems }, 'set a pod device down until it has its programs again');
    return true;
  }
}

import type { Endpoint } from '../../conf/api/types.ts';
import { deviceAlias } from '../../conf/names.ts';
import { interfaceAt, type Link, type LinkChange, type Request, setLink } from '../../native/index.ts';
import { Periodic } from '../periodic.ts';
import { renameLink } from './link-changes.ts';
import { deviceProblems, isDeviceOf } from './pod-device.ts';
import type { PodStateParts, WhileReady } from './pod-state-parts.ts';
import { ProgramGuard } from './program-guard.ts';
import { type Item, Reconciler } from './reconciler.ts';

/** Endpoints looked at every POLL_MS (milliseconds), so that the cost does not grow with their number. */
const SLICE = 8;
const POLL_MS = 2000;

/**
 * The host sides of pods' devices, their programs and rows: what others change is restored. A notification tells of a device that was
 * renamed or went down, the guard of one without programs; the rest is looked at in turn, some endpoints every two seconds.
 */
export class PodState {
  readonly #parts: PodStateParts;
  readonly #reconciler: Reconciler;
  /** Ids of endpoints by the index of their device. */
  readonly #ids = new Map<number, number>();
  /** Those of them that hold their programs by tcx links. */
  readonly #guarded = new Map<number, number>();
  /** Ids of which this round has still to look at. */
  #round: number[] = [];
  #whileReady: WhileReady | undefined;
  #poll: Periodic | undefined;
  #guard: ProgramGuard | undefined;

  constructor(parts: PodStateParts) {
    this.#parts = parts;
    this.#reconciler = new Reconciler(parts.log);
  }

  /** What is wrong with pods and could not be restored so far, one sentence each. */
  get problems(): readonly string[] {
    return this.#reconciler.problems;
  }

  /** From now on pods are looked at by themselves. */
  follow(whileReady: WhileReady): void {
    this.#whileReady = whileReady;
    this.#poll = new Periodic(POLL_MS, () => this.#tick());
    const restore = (id: number) => void this.#reconciler.reconcile([this.#item(id)]);
    this.#guard = new ProgramGuard({ ...this.#parts, whileReady, restore }, this.#guarded);
  }

  close(): void {
    this.#poll?.close();
    this.#guard?.close();
    this.#reconciler.close();
  }

  add(endpoint: Endpoint): void {
    const { id, hostIfindex } = endpoint;
    this.#ids.set(hostIfindex, id);
    if (this.#parts.hooks.kindOf(endpoint) === 'tcx') this.#guarded.set(hostIfindex, id);
  }

  remove({ id, hostIfindex }: Endpoint): void {
    for (const ids of [this.#ids, this.#guarded]) if (ids.get(hostIfindex) === id) ids.delete(hostIfindex);
    this.#reconciler.forget(nameOf(id));
  }

  /** A device has changed. */
  onLink(ifindex: number): void {
    const id = this.#ids.get(ifindex);
    if (id !== undefined) void this.#reconciler.reconcile([this.#item(id)]);
  }

  /** What differs from what should be: device, programs, rows. Empty when whole. */
  async inspect(endpoint: Endpoint): Promise<string[]> {
    const { attachments, hooks, maps } = this.#parts;
    return [...deviceProblems(endpoint), ...(await attachments.problems(hooks.pod(endpoint))), ...maps.problems(endpoint)];
  }

  /**
   * Gives an endpoint back its device's name and settings, its programs and rows. The programs come before the device goes up, and a device that they
   * cannot be attached to goes down: without them it would lead into the node's stack, unjudged.
   */
  async restore(endpoint: Endpoint): Promise<void> {
    const { rtnl, attachments, hooks, maps } = this.#parts;
    const link = await rtnl.links.find(endpoint.hostIfindex);
    if (link === undefined || !isDeviceOf(link, endpoint)) return;
    const isOurs = endpoint.chained !== true;
    if (isOurs) await rtnl.batch(repairs(link, endpoint));
    try {
      await attachments.ensureAll(hooks.pod(endpoint));
    } catch (error) {
      if (isOurs) await rtnl.links.set(link.ifindex, { up: false });
      throw error;
    }
    maps.put(endpoint);
    if (isOurs) await rtnl.links.set(link.ifindex, { up: true });
  }

  async #tick(): Promise<void> {
    if (this.#round.length === 0) this.#round = [...this.#ids.values()];
    for (const id of this.#round.splice(0, SLICE)) {
      // One that cannot be looked at is the reconciler's to tell of and to try again.
      const differs = this.#whileReady?.(id, (endpoint) => this.#differs(endpoint)).catch(() => true);
      if (await differs) await this.#reconciler.reconcile([this.#item(id)]);
    }
  }

  /** Leaves out the programs that the guard looks at: what remains takes no thread, and most of the time is all that there is to do. */
  async #differs(endpoint: Endpoint): Promise<boolean> {
    if (!this.#guarded.has(endpoint.hostIfindex)) return (await this.inspect(endpoint)).length > 0;
    return deviceProblems(endpoint).length > 0 || this.#parts.maps.problems(endpoint).length > 0;
  }

  #item(id: number): Item {
    const whileReady = this.#whileReady;
    return {
      name: nameOf(id),
      // A device that is gone has nothing to restore: the pod's DEL is due, and CHECK says so until then.
      inspect: async () => await whileReady?.(id, async (endpoint) => (interfaceAt(endpoint.hostIfindex) ? this.inspect(endpoint) : [])),
      restore: async () => {
        await whileReady?.(id, (endpoint) => this.restore(endpoint));
      },
    };
  }
}

const nameOf = (id: number): string => `endpoint ${id}`;

function repairs(link: Link, endpoint: Endpoint): Request[] {
  const { hostIfname: name, hostMac: mac, mtu } = endpoint;
  const alias = deviceAlias(endpoint);
  const changes: LinkChange[] = [
    ...(link.mtu === mtu ? [] : [{ mtu }]),
    ...(link.mac === undefined || link.mac === mac ? [] : [{ mac }]),
    ...(link.alias === alias ? [] : [{ alias }]),
  ];
  const renaming = link.name === name ? [] : renameLink(link.ifindex, name);
  return [...renaming, ...changes.map((change) => setLink(link.ifindex, change))];
}

import { HOST_IFNAME, isBuriedIfname, NET_IFNAME, POD_IFNAME_PREFIX } from '../../conf/names.ts';
import { type Address, type Rtnetlink, type RtnetlinkEvent, RtnetlinkMonitor } from '../../native/index.ts';
import { messageOf } from '../failure.ts';
import type { Logger } from '../log.ts';
import { bare } from './host-device.ts';

/** Changes of a node come in bursts (a device, its addresses, its routes); one pass answers a burst. */
const QUIET_MS = 50;

/** Follows the node's devices, addresses and default routes, and calls for a pass over them when something changed. */
export class NodeWatch {
  readonly #rtnl: Rtnetlink;
  readonly #log: Logger;
  readonly #sync: () => Promise<string[]>;
  #monitor: RtnetlinkMonitor | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #problems: readonly string[] = [];
  #closed = false;

  /** `sync` makes one pass and answers with what is wrong with the node. */
  constructor(rtnl: Rtnetlink, log: Logger, sync: () => Promise<string[]>) {
    this.#rtnl = rtnl;
    this.#log = log;
    this.#sync = sync;
  }

  /** What the last pass found wrong. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Subscribes first and makes the first pass then, so that no change is missed. Throws what the first pass throws. */
  async start(): Promise<void> {
    this.#monitor = (await RtnetlinkMonitor.watch(undefined, ['link', 'address', 'route'], { isWanted: isOfNode })).unref();
    this.#problems = await this.#sync();
    void this.#follow(this.#monitor);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#monitor?.close();
  }

  /** The node's own addresses; see {@link ownAddresses}. */
  async ownAddresses(): Promise<string[]> {
    return ownAddresses(await this.#rtnl.addresses.list());
  }

  async #follow(monitor: RtnetlinkMonitor): Promise<void> {
    try {
      for await (const event of monitor) if (concernsNode(event)) this.#schedule();
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, 'following the node failed');
      this.#problems = ["changes of the node's devices are not followed any more; restart the daemon"];
    }
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#running.then(() => this.#pass());
    }, QUIET_MS);
  }

  async #pass(): Promise<void> {
    if (this.#closed) return;
    try {
      this.#problems = await this.#sync();
    } catch (error) {
      if (this.#closed) return;
      this.#log.error({ error: messageOf(error) }, 'following a change of the node failed');
      this.#problems = [`following a change of the node failed: ${messageOf(error)}`];
    }
  }
}

/** Pods come and go without a pass; so do routes other than default ones. */
export function concernsNode(event: RtnetlinkEvent): boolean {
  switch (event.kind) {
    case 'resync':
    case 'address':
      return true;
    case 'link':
      return isOfNode(event.value.name) && !isQuietHost(event);
    case 'route':
      return event.value.destination === 'default';
    case 'neighbour':
    case 'rule':
      return false;
  }
}

/** Not a pod's device, buried ones included, nor the other end of our own leg. */
export const isOfNode = (name: string): boolean => !name.startsWith(POD_IFNAME_PREFIX) && !isBuriedIfname(name) && name !== NET_IFNAME;

/** Of our own leg only its end matters. */
function isQuietHost(event: RtnetlinkEvent & { kind: 'link' }): boolean {
  return event.value.name === HOST_IFNAME && event.action === 'new';
}

/**
 * The node's own addresses, which pods reach through its stack: all of global scope, on whatever device; not those of the loopback, not
 * link-local ones (a pod has no link with the node but the router), not one that failed duplicate detection.
 */
export function ownAddresses(addresses: readonly Address[]): string[] {
  const own = addresses.filter(({ scope, dadFailed }) => scope === 'global' && !dadFailed).map(({ address }) => bare(address));
  return [...new Set(own)].sort();
}

import { HOST_IFNAME, isBuriedIfname, NET_IFNAME, POD_IFNAME_PREFIX } from '../../conf/names.ts';
import { type RtnetlinkEvent, RtnetlinkMonitor } from '../../native/index.ts';
import { messageOf } from '../failure.ts';
import type { Logger } from '../log.ts';
import type { HostDevice } from './host-device.ts';
import { type NodeItemName, nodeItemNames, polledNames } from './node-items.ts';

/** Changes of a node come in bursts (a device, its addresses, its routes); one pass answers a burst. Milliseconds, as all here. */
const QUIET_MS = 50;
/** How often that is looked at of which no notification tells. */
const POLL_MS = 2000;
/** How often everything is looked at, whatever notifications say. */
const FULL_MS = 30_000;
/** When a lost subscription is taken again: at first, and at the latest. */
const RESUBSCRIBE_MS = { first: 100, longest: 30_000 };

export interface NodeWatchParts {
  readonly log: Logger;
  readonly host: Pick<HostDevice, 'host' | 'net'>;
  /** Whether a route to this prefix belongs to `axo_host`. */
  readonly wantsRoute: (destination: string) => boolean;
  /** Makes a pass over these parts of the node's state. Never throws. */
  readonly reconcile: (names: readonly NodeItemName[]) => Promise<void>;
  /** A pod's device was renamed, or went down. */
  readonly onPodLink: (ifindex: number) => void;
}

/** Calls for a pass over what a notification of the kernel is about, and for what no notification tells of over and over. */
export class NodeWatch {
  readonly #parts: NodeWatchParts;
  #monitor: RtnetlinkMonitor | undefined;
  #timer: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  readonly #due = new Set<NodeItemName>();
  #full = performance.now();
  #failures = 0;
  #problems: readonly string[] = [];
  #closed = false;

  constructor(parts: NodeWatchParts) {
    this.#parts = parts;
  }

  /** Empty while changes are followed. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Subscribes; the caller makes the first pass after that, so that no change is missed. Throws SyscallError. */
  async start(): Promise<void> {
    await this.#subscribe();
    this.#poll = setInterval(() => this.#tick(), POLL_MS).unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#poll);
    this.#monitor?.close();
  }

  async #subscribe(): Promise<void> {
    const monitor = await RtnetlinkMonitor.watch(undefined, ['link', 'address', 'route', 'netconf'], { isWanted: isWatched });
    if (this.#closed) return monitor.close();
    this.#monitor = monitor.unref();
    void this.#follow(monitor);
  }

  async #follow(monitor: RtnetlinkMonitor): Promise<void> {
    try {
      for await (const event of monitor) this.#take(event);
      if (this.#closed) return;
      throw new Error('the subscription has ended');
    } catch (error) {
      this.#lost(error);
    }
  }

  #take(event: RtnetlinkEvent): void {
    const { host, wantsRoute, onPodLink } = this.#parts;
    if (event.kind === 'link') onPodLink(event.value.ifindex);
    this.#schedule(concernsOf(event, { host: host.host.ifindex, net: host.net.ifindex, wantsRoute }));
  }

  /** Subscribes again, and looks at everything: what happened meanwhile was told to nobody. */
  #lost(error: unknown): void {
    if (this.#closed) return;
    const retryMs = Math.min(RESUBSCRIBE_MS.first * 2 ** this.#failures++, RESUBSCRIBE_MS.longest);
    this.#parts.log.error({ error: messageOf(error), retryMs }, 'following the node failed, will retry');
    this.#problems = [`follow changes of the node: ${messageOf(error)} (tried ${this.#failures} times, will retry)`];
    const retry = async () => {
      await this.#subscribe();
      this.#failures = 0;
      this.#problems = [];
      this.#schedule(nodeItemNames);
    };
    setTimeout(() => void retry().catch((failure: unknown) => this.#lost(failure)), retryMs).unref();
  }

  #tick(): void {
    const now = performance.now();
    const isFull = now - this.#full >= FULL_MS;
    if (isFull) this.#full = now;
    void this.#parts.reconcile(isFull ? nodeItemNames : polledNames);
  }

  #schedule(names: readonly NodeItemName[]): void {
    if (names.length === 0 || this.#closed) return;
    for (const name of names) this.#due.add(name);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const due = [...this.#due];
      this.#due.clear();
      void this.#parts.reconcile(due);
    }, QUIET_MS).unref();
  }
}

/** What tells whether an event is about something of ours. */
export interface Concerns extends Pick<NodeWatchParts, 'wantsRoute'> {
  /** Index of `axo_host`. */
  readonly host: number;
  /** Index of `axo_net`. */
  readonly net: number;
}

const HOST_NAMES: readonly NodeItemName[] = ['host-device', 'host-sysctls', 'router-addresses', 'routes', 'host-programs'];

/** The parts of the node's state that an event may have changed. Pods come and go without a pass; so do routes of others but default ones. */
export function concernsOf(event: RtnetlinkEvent, { host, net, wantsRoute }: Concerns): readonly NodeItemName[] {
  switch (event.kind) {
    case 'resync':
      return nodeItemNames;
    case 'address':
      return event.value.ifindex === host ? ['router-addresses', 'node-rows'] : ['node-rows'];
    case 'link': {
      const { ifindex, name } = event.value;
      if (ifindex === host || ifindex === net || name === HOST_IFNAME || name === NET_IFNAME) return HOST_NAMES;
      return isOfNode(name) ? ['native-devices'] : [];
    }
    case 'route': {
      const { destination, ifindex } = event.value;
      if (destination === 'default') return ['native-devices'];
      return wantsRoute(destination) && (event.action === 'delete' || ifindex !== host) ? ['routes'] : [];
    }
    case 'netconf':
      return event.value.ifindex === host ? ['host-sysctls'] : [];
    case 'neighbour':
    case 'rule':
      return [];
  }
}

/** Links whose events are read: the node's, and pods' that are down, which they are never but at the beginning and the end. */
const isWatched = (name: string, up: boolean): boolean => !isBuriedIfname(name) && (!up || !name.startsWith(POD_IFNAME_PREFIX));

/** Not a pod's device, buried ones included, nor the other end of our own pair. */
export const isOfNode = (name: string): boolean => !name.startsWith(POD_IFNAME_PREFIX) && !isBuriedIfname(name) && name !== NET_IFNAME;

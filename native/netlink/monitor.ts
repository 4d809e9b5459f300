/** The kernel's notifications about one network namespace. */
import { hasErrno } from '../errors.ts';
import type { Fd } from '../fd.ts';
import type { Netns } from '../netns.ts';
import { openNetlinkSocket, recv } from '../socket.ts';
import { type FdWatcher, watchFd } from '../watch.ts';
import {
  NETLINK_ROUTE,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV4_NETCONF,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV4_RULE,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_IPV6_NETCONF,
  RTNLGRP_IPV6_ROUTE,
  RTNLGRP_IPV6_RULE,
  RTNLGRP_LINK,
  RTNLGRP_NEIGH,
} from './constants.ts';
import { type EventKind, EventStream, type LinkChoice, type RtnetlinkEvent } from './events.ts';

const groups: Readonly<Record<EventKind, readonly number[]>> = {
  link: [RTNLGRP_LINK],
  address: [RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR],
  route: [RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE],
  neighbour: [RTNLGRP_NEIGH],
  rule: [RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE],
  netconf: [RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF],
};

/** Datagrams per turn of the event loop, so that a storm of events leaves room for other work. */
const DATAGRAMS_PER_TURN = 64;

/** Options of a monitor. */
export interface MonitorOptions {
  /** Receive buffer in bytes; events that do not fit are lost and reported by `resync`. 1 MiB when absent. */
  readonly receiveBytes?: number;
  /** Links whose events are wanted; all when absent. Others cost next to nothing. */
  readonly isWanted?: LinkChoice;
}

/**
 * Events from the moment that `watch` resolves: `for await (const event of monitor)`, one reader. Subscribe first, list second: then nothing
 * is missed. Leaving the loop closes the monitor.
 */
export class RtnetlinkMonitor implements AsyncIterable<RtnetlinkEvent> {
  readonly #fd: Fd;
  readonly #watcher: FdWatcher;
  readonly #events: EventStream;

  private constructor(fd: Fd, isWanted?: LinkChoice) {
    this.#fd = fd;
    this.#events = new EventStream(isWanted);
    this.#watcher = watchFd(fd, () => this.#read());
  }

  /** Subscribes to `kinds` in `ns`, the process's own namespace when undefined. Throws SyscallError. */
  static async watch(ns: Netns | undefined, kinds: readonly EventKind[], options: MonitorOptions = {}): Promise<RtnetlinkMonitor> {
    const { receiveBytes = 1 << 20 } = options;
    const fd = await openNetlinkSocket(ns, NETLINK_ROUTE, { groups: kinds.flatMap((kind) => groups[kind]), receiveBytes });
    return new RtnetlinkMonitor(fd, options.isWanted);
  }

  /** Lets the process end although the monitor is open. */
  unref(): this {
    this.#watcher.unref();
    return this;
  }

  /** Stops. Events that wait can still be read; then the iteration ends. */
  close(): void {
    this.#watcher.close();
    this.#fd.close();
    this.#events.end();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<RtnetlinkEvent, undefined> {
    try {
      yield* this.#events;
    } finally {
      this.close();
    }
  }

  #read(): void {
    try {
      for (let count = 0; count < DATAGRAMS_PER_TURN; count++) {
        const datagram = recv(this.#fd);
        if (datagram === undefined) return;
        this.#events.feed(datagram);
      }
    } catch (error) {
      if (hasErrno(error, 'ENOBUFS')) {
        this.#events.lost();
      } else if (!hasErrno(error, 'EINTR')) {
        // After EINTR the descriptor is still readable, and the watch calls again.
        this.#events.fail(error);
        this.close();
      }
    }
  }
}

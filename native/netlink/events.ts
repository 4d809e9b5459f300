/** Notifications of the kernel as typed events, and a bounded queue of them that can be iterated. */
import {
  AF_UNSPEC,
  IFF_UP,
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_DELNEIGH,
  RTM_DELROUTE,
  RTM_DELRULE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTM_NEWNETCONF,
  RTM_NEWROUTE,
  RTM_NEWRULE,
} from './constants.ts';
import { decodeMessages, type Message } from './message.ts';
import { type Address, decodeAddress } from './route/address.ts';
import type { Link } from './route/link-info.ts';
import { decodeLink, linkName } from './route/link-info.ts';
import { decodeNeighbour, type Neighbour } from './route/neighbour.ts';
import { decodeNetconf, type Netconf } from './route/netconf.ts';
import { decodeRoute, type Route } from './route/route-info.ts';
import { decodeRule, type Rule } from './route/rule.ts';

/** `new` also for every change of a thing that was there. */
export type EventAction = 'new' | 'delete';

interface Change<K extends string, T> {
  readonly kind: K;
  readonly action: EventAction;
  readonly value: T;
}

/** A change of the network, or `resync`: events were lost, read everything anew. */
export type RtnetlinkEvent =
  | Change<'link', Link>
  | Change<'address', Address>
  | Change<'route', Route>
  | Change<'neighbour', Neighbour>
  | Change<'rule', Rule>
  | Change<'netconf', Netconf>
  | { readonly kind: 'resync' };

/** The kinds that can be subscribed to. */
export type EventKind = Exclude<RtnetlinkEvent['kind'], 'resync'>;

/** Events that wait for a slow reader; beyond that they are dropped for one `resync`. */
const QUEUE_LIMIT = 8192;

/** Which links are worth an event, by name and by IFF_UP. */
export type LinkChoice = (name: string, up: boolean) => boolean;

/** Reads one notification; undefined for a message or family that has no event, and for a link that is not wanted. */
export function decodeEvent({ type, body }: Message, isWanted?: LinkChoice): RtnetlinkEvent | undefined {
  switch (type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      // A bridge tells of its ports by link messages of its own family: a port that leaves is no link that is gone.
      if (body.u8(0) !== AF_UNSPEC || isWanted?.(linkName(body), (body.u32(8) & IFF_UP) !== 0) === false) return undefined;
      return change('link', type === RTM_NEWLINK, decodeLink(body));
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return change('address', type === RTM_NEWADDR, decodeAddress(body));
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return change('route', type === RTM_NEWROUTE, decodeRoute(body));
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      return change('neighbour', type === RTM_NEWNEIGH, decodeNeighbour(body));
    case RTM_NEWRULE:
    case RTM_DELRULE:
      return change('rule', type === RTM_NEWRULE, decodeRule(body));
    case RTM_NEWNETCONF:
      return change('netconf', true, decodeNetconf(body));
    default:
      return undefined;
  }
}

function change<K extends string, T>(kind: K, isNew: boolean, value: T | undefined): Change<K, T> | undefined {
  return value === undefined ? undefined : { kind, action: isNew ? 'new' : 'delete', value };
}

/** A reader that found no event. */
interface Waiting {
  resolve(result: IteratorResult<RtnetlinkEvent>): void;
  reject(error: unknown): void;
}

/** Events in order of arrival, for one reader. */
export class EventStream implements AsyncIterableIterator<RtnetlinkEvent> {
  #queue: RtnetlinkEvent[] = [];
  #waiting: Waiting[] = [];
  #failure: { readonly error: unknown } | undefined;
  #ended = false;
  readonly #isWanted: LinkChoice | undefined;

  /** `isWanted`: the links whose events come, all when absent. */
  constructor(isWanted?: LinkChoice) {
    this.#isWanted = isWanted;
  }

  /** Takes a datagram of notifications in. Throws DecodeError. */
  feed(datagram: Uint8Array): void {
    for (const message of decodeMessages(datagram)) {
      const event = decodeEvent(message, this.#isWanted);
      if (event !== undefined) this.#push(event);
    }
  }

  /** Events were lost: what waits is worth nothing any more. */
  lost(): void {
    this.#queue = [];
    this.#push({ kind: 'resync' });
  }

  /** Ends the stream with an error, after the events that wait. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.end();
  }

  /** Ends the stream after the events that wait. */
  end(): void {
    this.#ended = true;
    for (const waiting of this.#waiting.splice(0)) this.#finish(waiting);
  }

  next(): Promise<IteratorResult<RtnetlinkEvent>> {
    return new Promise((resolve, reject) => {
      const event = this.#queue.shift();
      if (event !== undefined) resolve({ done: false, value: event });
      else if (this.#ended) this.#finish({ resolve, reject });
      else this.#waiting.push({ resolve, reject });
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #push(event: RtnetlinkEvent): void {
    if (this.#ended) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting.resolve({ done: false, value: event });
    else if (this.#queue.length >= QUEUE_LIMIT) this.lost();
    else this.#queue.push(event);
  }

  #finish(waiting: Waiting): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) waiting.resolve({ done: true, value: undefined });
    else waiting.reject(failure.error);
  }
}

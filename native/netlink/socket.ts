/**
 * The rules of a netlink exchange, once for all callers: one request at a time, answers matched by sequence, errors with the kernel's own
 * words, interrupted dumps repeated.
 */
import { setTimeout } from 'node:timers/promises';
import { debuglog } from 'node:util';
import { NetlinkError } from '../errors.ts';
import type { Fd } from '../fd.ts';
import type { Netns } from '../netns.ts';
import { adoptNetlinkSocket, type Datagram, netlinkTransact, openNetlinkSocket } from '../socket.ts';
import {
  NETLINK_ROUTE,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_NOOP,
  NLMSG_OVERRUN,
} from './constants.ts';
import { decodeDone, decodeError, decodeMessages, encodeMessage, type Message, type Request, type Verdict } from './message.ts';
import { StallGuard } from './stall.ts';

/**
 * How often a dump is tried when the kernel says that its tables changed meanwhile. The pauses grow, so that a burst of changes can end:
 * 0, 1, 2, ... 10 ms, a quarter of a second in all. Eight tries without pauses were too few for 60 links and one busy neighbour.
 */
const DUMP_ATTEMPTS = 30;
const LONGEST_PAUSE = 10;
/** How long calls wait for a kernel that answers none of them, in milliseconds. */
const PATIENCE_MS = 30_000;
/** include/uapi/asm-generic/errno-base.h */
const EINTR = 4;

/** NODE_DEBUG=axoneme:netlink shows every request and its outcome. */
const debug = debuglog('axoneme:netlink');

/** What carries the bytes: the kernel, or a fake one in tests. */
export interface Transport {
  /** Sends datagrams in turn, none after one that was refused, and answers with all that the kernel sent. */
  transact(datagrams: readonly Datagram[]): Promise<Uint8Array[]>;
  close(): void;
}

/** A netlink conversation. Calls may overlap: they queue. All fail with NetlinkError ETIMEDOUT when the kernel answers none of them for long. */
export class NetlinkSocket {
  readonly #transport: Transport;
  readonly #stall: StallGuard;
  #sequence = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** `patience`: milliseconds after which calls fail with ETIMEDOUT when the kernel has answered none of them. */
  constructor(transport: Transport, patience = PATIENCE_MS) {
    this.#transport = transport;
    this.#stall = new StallGuard(patience);
  }

  /** A socket of NETLINK_ROUTE that lives in `ns`, the process's own namespace when absent. Throws SyscallError. */
  static async open(ns?: Netns, patience = PATIENCE_MS): Promise<NetlinkSocket> {
    return new NetlinkSocket(kernel(await openNetlinkSocket(ns, NETLINK_ROUTE)), patience);
  }

  /** Takes over a socket of NETLINK_ROUTE that another process opened; see `adoptNetlinkSocket`. Throws SyscallError; then `fd` is still the caller's. */
  static adopt(fd: Fd): NetlinkSocket {
    adoptNetlinkSocket(fd, NETLINK_ROUTE);
    return new NetlinkSocket(kernel(fd));
  }

  /** Sends one request and gives its answers, acknowledgement excluded. Throws NetlinkError. */
  async request(request: Request): Promise<Message[]> {
    if (isDump(request)) return this.#dump(request);
    const [exchange] = await this.#exchange([request]);
    if (exchange === undefined) return [];
    throwRefusal(exchange);
    return exchange.answers;
  }

  /**
   * Sends several requests in one datagram; the kernel carries them out in order. It does not stop at a refusal, so later ones are tried
   * too. Gives the answers of each. Throws the NetlinkError of the first that was refused.
   */
  async batch(requests: readonly Request[]): Promise<Message[][]> {
    return requests.length === 0 ? [] : answersOf(await this.#exchange(requests));
  }

  /**
   * Has several requests carried out in order, as `batch` does, but none after one that was refused: a later one may name what an earlier one
   * makes. All of it is one way to the kernel's thread and back. Throws the NetlinkError of the refused one.
   */
  async inTurn(requests: readonly Request[]): Promise<Message[][]> {
    return answersOf(await this.#exchange(requests, { isSplit: true }));
  }

  close(): void {
    this.#transport.close();
  }

  async #dump(request: Request): Promise<Message[]> {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const [exchange] = await this.#exchange([request]);
      if (exchange === undefined) return [];
      throwRefusal(exchange);
      if (!exchange.interrupted) return exchange.answers;
      await setTimeout(Math.min(attempt, LONGEST_PAUSE));
    }
    throw new NetlinkError(request.operation, EINTR, { kernelMessage: `tables changed during each of ${DUMP_ATTEMPTS} dumps` });
  }

  /** Queues behind the exchanges before it, whether they succeed or not; one that was given up is waited for all the same. */
  #exchange(requests: readonly Request[], { isSplit = false } = {}): Promise<Exchange[]> {
    const operation = () => requests.map((request) => request.operation).join(', ');
    return this.#stall.guard(operation, (send) => {
      const result = this.#last.then(() => {
        send();
        return this.#send(requests, isSplit);
      });
      this.#last = result.catch(() => undefined);
      return result;
    });
  }

  async #send(requests: readonly Request[], isSplit: boolean): Promise<Exchange[]> {
    const exchanges = requests.map((request) => ({ request, sequence: this.#next(), answers: [], interrupted: false }) as Exchange);
    const datagrams = isSplit ? exchanges.map((exchange) => datagramOf([exchange])) : [datagramOf(exchanges)];
    collect(exchanges, await this.#transport.transact(datagrams));
    for (const { request, verdict, answers } of exchanges)
      debug('%s: errno %d, %d answers', request.operation, verdict?.errno ?? 0, answers.length);
    return exchanges;
  }

  #next(): number {
    // 0 is the sequence of the kernel's own notifications.
    this.#sequence = (this.#sequence % 0xffffffff) + 1;
    return this.#sequence;
  }
}

/** One request on its way, and what came back. */
interface Exchange {
  readonly request: Request;
  readonly sequence: number;
  readonly answers: Message[];
  interrupted: boolean;
  verdict?: Verdict;
}

/** Only a GET can be a dump: the same bits mean REPLACE and EXCL in a NEW. Types come in fours, NEW, DEL, GET, SET. */
const isDump = ({ type, flags }: Request): boolean => (flags & NLM_F_DUMP) === NLM_F_DUMP && type % 4 === 2;

const flagsOf = (request: Request, isLast: boolean): number => NLM_F_REQUEST | (isLast && !isDump(request) ? NLM_F_ACK : 0);

/** An error is always answered; success only where it is asked for. One acknowledgement, the last, ends a datagram. */
function datagramOf(exchanges: readonly Exchange[]): Datagram {
  const last = exchanges.at(-1)?.sequence ?? 0;
  const parts = exchanges.map(({ request, sequence }) => encodeMessage(request, flagsOf(request, sequence === last), sequence));
  return { bytes: Buffer.concat(parts), sequence: last };
}

/** The answers of each exchange. Throws the NetlinkError of the first that was refused. */
function answersOf(exchanges: readonly Exchange[]): Message[][] {
  return exchanges.map((exchange) => {
    throwRefusal(exchange);
    return exchange.answers;
  });
}

/** Sorts answers to their requests. What answers none of them is a leftover of an exchange that was broken off. */
function collect(exchanges: readonly Exchange[], datagrams: readonly Uint8Array[]): void {
  const bySequence = new Map(exchanges.map((exchange) => [exchange.sequence, exchange]));
  for (const message of datagrams.flatMap(decodeMessages)) {
    const exchange = bySequence.get(message.seq);
    if (exchange === undefined) continue;
    if (message.flags & NLM_F_DUMP_INTR) exchange.interrupted = true;
    if (message.type === NLMSG_ERROR) exchange.verdict = decodeError(message);
    else if (message.type === NLMSG_DONE) exchange.verdict = decodeDone(message);
    else if (message.type !== NLMSG_NOOP && message.type !== NLMSG_OVERRUN) exchange.answers.push(message);
  }
}

function throwRefusal({ request, verdict }: Exchange): void {
  if (verdict !== undefined && verdict.errno !== 0) throw new NetlinkError(request.operation, verdict.errno, verdict);
}

function kernel(fd: Fd): Transport {
  return {
    transact: (datagrams) => netlinkTransact(fd, datagrams),
    close: () => fd.close(),
  };
}

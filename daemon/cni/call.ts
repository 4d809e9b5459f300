import { setTimeout as sleep } from 'node:timers/promises';
import type { Paths } from '../../conf/paths.ts';
import { type FdWatcher, type Received, readMemoryFile, type UnixConnection, watchFd } from '../../native/index.ts';
import { MAX_STDIN, runPlugin } from '../../plugin/skel.ts';
import type { PassedDoor } from '../endpoint/ports.ts';
import { hasErrno, messageOf } from '../failure.ts';
import type { Logger } from '../log.ts';
import { type CallDaemon, type Caller, DaemonAgent } from './agent.ts';
import type { CallGates } from './call-limits.ts';
import { CallClaim } from './claim.ts';
import { Declined, warmHandlers } from './handlers.ts';
import { Luggage } from './luggage.ts';
import {
  type CallAnswer,
  type CallHeader,
  DECLINED,
  decodeRequest,
  encodeAnswer,
  PROTOCOL_VERSION,
  REQUEST_MAX,
  TAKEN,
} from './protocol.ts';
import type { StatusCache } from './status-cache.ts';

export interface CallContext {
  readonly daemon: CallDaemon;
  readonly paths: Paths;
  readonly log: Logger;
  readonly statuses: Pick<StatusCache, 'remember'>;
}

/** A connection that says nothing holds a descriptor no longer than this, in milliseconds. */
const SILENCE_MS = 5000;
/** An answer that the launcher does not read is dropped after this, in milliseconds; what was done stays done. */
const ANSWER_MS = 10_000;
const ANSWER_PAUSE_MS = 5;
const NOTHING = new Uint8Array();

/**
 * One launcher's connection, from its request to its answer. `done` resolves when nothing of it is left; it never rejects: whatever goes wrong with one
 * call is told to its launcher, or to the log.
 */
export class Call implements Caller {
  readonly claim = new CallClaim();
  readonly since = this.claim.since;
  readonly done: Promise<void>;
  readonly #connection: UnixConnection;
  readonly #context: CallContext;
  readonly #gates: CallGates;
  readonly #watcher: FdWatcher;
  readonly #silence: NodeJS.Timeout;
  #finish: () => void = () => undefined;
  #state: 'waiting' | 'running' | 'over' = 'waiting';
  #gone = false;
  #taken = false;
  #luggage: Luggage | undefined;

  /** Owns the connection from here on. Throws SyscallError when it cannot be watched; then it is still the caller's. */
  constructor(connection: UnixConnection, context: CallContext, gates: CallGates) {
    this.#connection = connection;
    this.#context = context;
    this.#gates = gates;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#watcher = watchFd(connection.fd, () => this.#onReadable());
    this.#silence = setTimeout(() => this.#onSilence(), SILENCE_MS).unref();
  }

  get door(): PassedDoor | undefined {
    return this.#luggage?.door;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Gives the call up: what is not finished is taken back. */
  abort(): void {
    this.#leave();
    if (this.#state === 'waiting') this.#end('the daemon ends');
  }

  /** A daemon that got no processor for so long finds its timer before the request that came meanwhile. */
  #onSilence(): void {
    this.#onReadable();
    if (this.#state === 'waiting') this.#end('it asks for nothing');
  }

  /** A request, once; whatever comes after it is the end. */
  #onReadable(): void {
    try {
      const received = this.#state === 'waiting' ? this.#connection.receive(REQUEST_MAX) : undefined;
      if (received !== undefined) this.#begin(received);
      else if (this.#state === 'running') this.#leave();
    } catch (error) {
      if (this.#state === 'waiting') this.#end(messageOf(error));
      else this.#leave();
    }
  }

  /** The launcher is gone, or given up. */
  #leave(): void {
    this.#gone = true;
    this.claim.leave();
    this.#watcher.close();
  }

  #begin({ data, fds }: Received): void {
    const header = decodeRequest(data);
    const luggage = header && Luggage.of(header, fds);
    if (header === undefined || luggage === undefined) {
      if (header === undefined) for (const fd of fds) fd.close();
      this.#end(data.length === 0 ? undefined : 'it speaks another language');
      return;
    }
    clearTimeout(this.#silence);
    this.#state = 'running';
    this.#luggage = luggage;
    void this.#run(header, luggage);
  }

  async #run(header: CallHeader, luggage: Luggage): Promise<void> {
    try {
      // Nothing of ours has the pod's namespace open when the answer is read: the runtime may want to unmount it.
      const answer = await this.#serve(header, luggage).finally(() => luggage[Symbol.dispose]());
      if (answer === undefined) this.#send(DECLINED);
      else await this.#answer(answer);
    } catch (error) {
      const fields = { error: messageOf(error), verb: header.env['CNI_COMMAND'], containerId: header.env['CNI_CONTAINERID'] };
      const isGone = this.#gone || hasErrno(error, 'EPIPE', 'ECONNRESET');
      // Nothing was done for it. A STATUS does nothing anyway, and its launcher waits for a second.
      if (!this.#taken || (isGone && fields.verb === 'STATUS')) this.#context.log.debug(fields, 'a launcher went away before its answer');
      else this.#context.log.warn(fields, isGone ? 'the launcher of a CNI call went away' : 'a CNI call could not be answered');
    } finally {
      this.#end();
    }
  }

  /** The answer, or undefined for a call that is declined. */
  async #serve(header: CallHeader, luggage: Luggage): Promise<CallAnswer | undefined> {
    const refusal = this.#refusal(header);
    if (refusal !== undefined) return this.#decline(refusal);
    const answer = { stdout: '', stderr: '' };
    let declined: string | undefined;
    const { daemon, paths, statuses } = this.#context;
    let stdin: Uint8Array = NOTHING;
    const agent = new DaemonAgent(daemon, this);
    const attend = () => agent.requireCaller();
    const onHealthy = (isHealthy: () => boolean) => statuses.remember({ environment: header.environment, stdin }, isHealthy);
    const handlers = warmHandlers({ paths, daemon, luggage, agent, attend, take: () => this.#take(), gates: this.#gates, onHealthy });
    const edge = {
      env: header.env,
      readStdin: () => {
        stdin = readMemoryFile(luggage.stdin, MAX_STDIN);
        return stdin;
      },
      stdout: (text: string) => {
        answer.stdout += text;
      },
      stderr: (text: string) => {
        answer.stderr += text;
      },
    };
    const status = await runPlugin(edge, handlers, (error) => {
      if (error instanceof Declined) declined = error.message;
    });
    return declined === undefined ? { status, ...answer } : this.#decline(declined);
  }

  #refusal({ version }: CallHeader): string | undefined {
    const { uid } = this.#connection.peer();
    if (uid !== process.geteuid?.()) return `user ${uid} asks`;
    if (version !== PROTOCOL_VERSION) return `it speaks version ${version} of the protocol, this daemon ${PROTOCOL_VERSION}`;
    return this.#context.daemon.serving ? undefined : 'the daemon is starting';
  }

  #decline(reason: string): undefined {
    this.#context.log.debug({ reason }, 'declined a CNI call');
    return undefined;
  }

  /** Nothing is done for a launcher that did not get this word: it may have gone to the cold executable already. */
  #take(): void {
    if (this.#gone || !this.#send(TAKEN)) throw new Error('take the call: the launcher is gone');
    this.#taken = true;
  }

  async #answer(answer: CallAnswer): Promise<void> {
    if (!this.#taken) this.#take();
    let rest = encodeAnswer(answer);
    const deadline = performance.now() + ANSWER_MS;
    while (!this.#gone) {
      rest = rest.subarray(this.#connection.send(rest));
      if (rest.length === 0) return;
      if (performance.now() > deadline) throw new Error(`answer the call: ${rest.length} bytes are not read`);
      await sleep(ANSWER_PAUSE_MS);
    }
  }

  /** False when the other end is gone. */
  #send(word: Uint8Array): boolean {
    try {
      return this.#connection.send(word) === word.length;
    } catch {
      return false;
    }
  }

  #end(reason?: string): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    if (reason !== undefined) this.#context.log.debug({ reason }, 'ended a connection of no use');
    clearTimeout(this.#silence);
    this.#watcher.close();
    this.#connection[Symbol.dispose]();
    this.claim.end();
    this.#finish();
  }
}

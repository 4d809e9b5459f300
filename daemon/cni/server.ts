import { type FdWatcher, type UnixConnection, UnixListener, watchFd } from '../../native/index.ts';
import { messageOf } from '../failure.ts';
import { removeAll } from '../files.ts';
import { Call, type CallContext } from './call.ts';
import { CallGates } from './call-limits.ts';

/** As long a queue as that of the API's socket (conf/systemd/axoneme.socket). */
const BACKLOG = 511;
/** New calls per turn of the event loop: to begin one takes a part of a millisecond, and those under way and the API have their turns in between. */
const CALLS_PER_TURN = 4;
/** How long the listener rests when it cannot accept, for want of descriptors say, in milliseconds: an ADD and a DEL wait longer. */
const PAUSE_MS = 100;
/** How long an ending daemon waits for calls under way, in milliseconds, before it gives them up. */
const CLOSE_TIMEOUT_MS = 3000;

/** The socket at which launchers hand in whole CNI calls. Each call runs by itself: none waits for another, and none can hurt the daemon. */
export class CallServer {
  readonly #path: string;
  readonly #context: CallContext;
  readonly #listener: UnixListener;
  #watcher: FdWatcher;
  #rest: NodeJS.Timeout | undefined;
  readonly #calls = new Set<Call>();
  readonly #gates = new CallGates();
  #isOpen = true;

  private constructor(path: string, listener: UnixListener, context: CallContext) {
    this.#path = path;
    this.#context = context;
    this.#listener = listener;
    this.#watcher = watchFd(listener.fd, () => this.#accept());
  }

  /** Listens at `path`, root's alone; a file that is there is a dead daemon's. Throws SyscallError. */
  static listen(path: string, context: CallContext): CallServer {
    removeAll(path);
    return new CallServer(path, UnixListener.listen(path, 0o600, BACKLOG), context);
  }

  /** Takes no more calls, lets those under way end for some seconds, then has them take back what they did. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    removeAll(this.#path);
    clearTimeout(this.#rest);
    this.#watcher.close();
    this.#listener[Symbol.dispose]();
    const timer = setTimeout(() => this.#abort(), CLOSE_TIMEOUT_MS);
    await Promise.all([...this.#calls].map(({ done }) => done));
    clearTimeout(timer);
  }

  #abort(): void {
    for (const call of this.#calls) call.abort();
  }

  /** Some of those who wait. The others keep the listener readable, and see by the daemon's lock that it lives. */
  #accept(): void {
    try {
      for (let count = 0; count < CALLS_PER_TURN; count++) {
        const connection = this.#listener.accept();
        if (connection === undefined) return;
        this.#begin(connection);
      }
    } catch (error) {
      this.#context.log.error({ error: messageOf(error) }, 'accepting a CNI call failed');
      this.#pause();
    }
  }

  #begin(connection: UnixConnection): void {
    using undo = new DisposableStack();
    undo.use(connection);
    const call = new Call(connection, this.#context, this.#gates);
    undo.move();
    this.#calls.add(call);
    void call.done.then(() => this.#calls.delete(call));
  }

  /** Who waits goes on waiting, and is told of at every turn of the loop: without a pause that would be all that the daemon does. */
  #pause(): void {
    this.#watcher.close();
    this.#rest = setTimeout(() => this.#resume(), PAUSE_MS);
  }

  #resume(): void {
    try {
      this.#watcher = watchFd(this.#listener.fd, () => this.#accept());
    } catch {
      this.#pause();
    }
  }
}

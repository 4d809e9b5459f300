import { type FdWatcher, UnixListener, watchFd } from '../../native/index.ts';
import { messageOf } from '../failure.ts';
import { removeAll } from '../files.ts';
import { Call, type CallContext } from './call.ts';
import { Gate } from './gate.ts';

/** As long a queue as that of the API's socket (conf/systemd/axoneme.socket). */
const BACKLOG = 511;
/**
 * Calls that work at the same time. The kernel makes one device at a time, on whatever node; more calls under way than keep it busy would only
 * end later, all of them.
 */
const AT_ONCE = 16;
/** How long an ending daemon waits for calls under way, in milliseconds, before it gives them up. */
const CLOSE_TIMEOUT_MS = 3000;

/** The socket at which launchers hand in whole CNI calls. Each call runs by itself: none waits for another, and none can hurt the daemon. */
export class CallServer {
  readonly #path: string;
  readonly #context: CallContext;
  readonly #listener: UnixListener;
  readonly #watcher: FdWatcher;
  readonly #calls = new Set<Call>();
  readonly #gate = new Gate(AT_ONCE);
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
    this.#watcher.close();
    this.#listener[Symbol.dispose]();
    const timer = setTimeout(() => this.#abort(), CLOSE_TIMEOUT_MS);
    await Promise.all([...this.#calls].map(({ done }) => done));
    clearTimeout(timer);
  }

  #abort(): void {
    for (const call of this.#calls) call.abort();
  }

  /** All who wait: each is told at once that its call is taken, so that none goes to the cold executable because there are many. */
  #accept(): void {
    try {
      for (let count = 0; count < BACKLOG; count++) {
        const connection = this.#listener.accept();
        if (connection === undefined) return;
        const call = new Call(connection, this.#context, this.#gate);
        this.#calls.add(call);
        void call.done.then(() => this.#calls.delete(call));
      }
    } catch (error) {
      this.#context.log.error({ error: messageOf(error) }, 'accepting a CNI call failed');
    }
  }
}

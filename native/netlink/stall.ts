import { NetlinkError } from '../errors.ts';

/** linux/errno.h */
const ETIMEDOUT = 110;

/** Time is counted in so many ticks of the event loop's clock: a process that was stopped for an hour has waited one tick, not an hour. */
const TICKS = 10;

interface Call {
  readonly operation: () => string;
  isSent: boolean;
  readonly fail: (error: NetlinkError) => void;
}

/**
 * Bounds how long calls wait for a kernel that does nothing: it cannot be asked to give up while another process holds its lock on devices (RTNL), so
 * the calls are failed and the exchange is left to end by itself. A kernel that is only slow, with many calls in line, makes progress and fails none.
 */
export class StallGuard {
  readonly #limit: number;
  readonly #calls = new Set<Call>();
  #timer: NodeJS.Timeout | undefined;
  #ticks = 0;

  /** `limit`: milliseconds without progress after which all calls fail. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Settles as `run` does, or fails when there was no progress for long. `run` calls `send` when its turn has come, which throws when the call has failed
   * before: a request without a waiting caller must not be executed.
   */
  guard<T>(operation: () => string, run: (send: () => void) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const call: Call = { operation, isSent: false, fail: reject };
      this.#enter(call);
      const leave = () => this.#leave(call);
      const send = () => {
        if (!this.#calls.has(call)) throw this.#error(call);
        call.isSent = true;
      };
      run(send).then(resolve, reject).finally(leave);
    });
  }

  #enter(call: Call): void {
    this.#calls.add(call);
    this.#timer ??= setInterval(() => this.#tick(), this.#limit / TICKS).unref();
  }

  /** One that ends is progress for those behind it. */
  #leave(call: Call): void {
    this.#calls.delete(call);
    this.#ticks = 0;
    if (this.#calls.size === 0) this.#stop();
  }

  #tick(): void {
    this.#ticks++;
    if (this.#ticks < TICKS) return;
    const late = [...this.#calls];
    this.#calls.clear();
    this.#stop();
    for (const call of late) call.fail(this.#error(call));
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#ticks = 0;
  }

  #error({ operation, isSent }: Call): NetlinkError {
    const outcome = isSent ? 'it may still be carried out' : 'it was not sent, because the one before it has no answer';
    const kernelMessage = `no answer for ${this.#limit / 1000} s, another process may hold the kernel's lock on network devices; ${outcome}`;
    return new NetlinkError(operation(), ETIMEDOUT, { kernelMessage });
  }
}

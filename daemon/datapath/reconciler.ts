import { messageOf } from '../failure.ts';
import type { Logger } from '../log.ts';

/** Something that the daemon sets in the kernel and that others may change. */
export interface Item {
  /** Names it in logs and health; the same thing has the same name in every pass. */
  readonly name: string;
  /** What differs from what the daemon set, one sentence each; undefined when the item is wanted no more, which forgets it. Reads only. */
  inspect(): Promise<readonly string[] | undefined> | readonly string[] | undefined;
  /** Sets it again; may be called when nothing differs. */
  restore(): Promise<void> | void;
}

/** What went wrong with an item lately. */
interface Trouble {
  /** Empty while the item is as it should be. */
  readonly problems: readonly string[];
  /** Restores since the item was last left alone for a while; see {@link memoryOf}. */
  readonly attempts: number;
  /** Milliseconds between the last attempt and the next. */
  readonly delay: number;
  /** No restore before this time, by `performance.now()`. */
  readonly next: number;
  /** When the item was last found different, by `performance.now()`. */
  readonly changed: number;
}

/** So many changes are restored at once; after that somebody keeps changing the item, and the daemon does not race with it. */
const AT_ONCE = 3;
/** Delays in milliseconds: the first, doubled with each further attempt, and the longest. */
const CHANGED_DELAYS = { first: 1000, longest: 60_000 };
const FAILED_DELAYS = { first: 100, longest: 30_000 };
/** An item that nobody changed for so long, in milliseconds, or for twice its last delay, begins anew. */
const FORGET_MS = 10_000;

/**
 * Makes items agree with what the daemon wants, whenever it is asked to: level-triggered, keyed by the item's name, idempotent. One pass at a
 * time. An item that cannot be restored is tried again with growing delays for as long as it differs; one that somebody keeps changing is
 * restored with growing delays. Until then {@link problems} names it.
 */
export class Reconciler {
  readonly #log: Logger;
  readonly #troubles = new Map<string, Trouble>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** What differs now as far as the last pass over each item knows, one sentence each. */
  get problems(): readonly string[] {
    return [...this.#troubles.values()].flatMap(({ problems }) => problems);
  }

  /** One pass over these items, in their order: an item may need those before it. Never throws. */
  reconcile(items: readonly Item[]): Promise<void> {
    this.#running = this.#running.then(async () => {
      for (const item of items) if (!this.#closed) await this.#one(item);
    });
    return this.#running;
  }

  /** Forgets an item that is wanted no more. */
  forget(name: string): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    this.#troubles.delete(name);
  }

  /** Begins no further work; what runs ends by itself. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  async #one(item: Item): Promise<void> {
    const trouble = this.#troubles.get(item.name);
    let problems: readonly string[] = [];
    try {
      const found = await item.inspect();
      if (found === undefined) return this.forget(item.name);
      problems = found;
      const now = performance.now();
      if (problems.length === 0) this.#keep(item, trouble, now);
      else if (trouble !== undefined && now < trouble.next)
        this.#wait(item, { ...trouble, problems: saying(problems, trouble, now), changed: now });
      else await this.#restore(item, problems, attemptsSoFar(trouble, now) + 1);
    } catch (error) {
      // Closing ends sockets under a pass.
      if (!this.#closed) this.#failed(item, problems, error);
    }
  }

  /** Nothing differs. The attempts are remembered for a while: whoever changed it may do so again. */
  #keep({ name }: Item, trouble: Trouble | undefined, now: number): void {
    if (trouble === undefined) return;
    clearTimeout(this.#timers.get(name));
    if (now - trouble.changed > memoryOf(trouble)) this.forget(name);
    else this.#troubles.set(name, { ...trouble, problems: [] });
  }

  async #restore(item: Item, problems: readonly string[], attempts: number): Promise<void> {
    await item.restore();
    const left = await item.inspect();
    if (left === undefined) return this.forget(item.name);
    if (left.length > 0) throw new Error(left.join('; '));
    this.#log.warn({ item: item.name, problems, attempts }, 'restored a setting that was changed by others');
    const now = performance.now();
    const delay = attempts < AT_ONCE ? 0 : delayOf(attempts - AT_ONCE, CHANGED_DELAYS);
    this.#troubles.set(item.name, { problems: [], attempts, delay, next: now + delay, changed: now });
  }

  #failed(item: Item, problems: readonly string[], error: unknown): void {
    const attempts = (this.#troubles.get(item.name)?.attempts ?? 0) + 1;
    const delay = delayOf(attempts - 1, FAILED_DELAYS);
    const now = performance.now();
    this.#log.error(
      { item: item.name, problems, error: messageOf(error), attempts, retryMs: delay },
      'restoring a setting failed, will retry',
    );
    const sentence = `restore ${item.name}: ${messageOf(error)} (tried ${attempts} times, will retry)`;
    this.#wait(item, { problems: [sentence], attempts, delay, next: now + delay, changed: now });
  }

  #wait(item: Item, trouble: Trouble): void {
    this.#troubles.set(item.name, trouble);
    clearTimeout(this.#timers.get(item.name));
    const timer = setTimeout(() => void this.reconcile([item]), Math.max(0, trouble.next - performance.now()));
    this.#timers.set(item.name, timer.unref());
  }
}

function saying(problems: readonly string[], { attempts, next }: Trouble, now: number): string[] {
  const seconds = Math.ceil((next - now) / 1000);
  return problems.map((problem) => `${problem} (changed ${attempts + 1} times, will be restored in ${seconds} s; find out who changes it)`);
}

function memoryOf({ delay }: Trouble): number {
  return Math.max(FORGET_MS, 2 * delay);
}

function attemptsSoFar(trouble: Trouble | undefined, now: number): number {
  return trouble === undefined || now - trouble.changed > memoryOf(trouble) ? 0 : trouble.attempts;
}

function delayOf(step: number, { first, longest }: typeof CHANGED_DELAYS): number {
  return Math.min(first * 2 ** step, longest);
}

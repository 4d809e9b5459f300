import { connect, type Socket } from 'node:net';
import type { Rule, Rulebook } from './rule.ts';

/**
 * One connection through a proxy: what the caller sends goes to the daemon, what comes back goes to the caller, unless the exchange's rule says
 * otherwise. An exchange begins with the first bytes from the caller after an answer, and at the start; so a protocol in which both sides talk at once
 * is one long exchange.
 */
export class Conversation {
  readonly #caller: Socket;
  readonly #daemon: Socket;
  readonly #rules: Rulebook;
  readonly #onEnd: () => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  #rule: Rule | undefined;
  #answered = true;
  #passed = 0;

  /** @param path of the daemon's socket, as the test process reaches it */
  constructor(caller: Socket, path: string, rules: Rulebook, onEnd: () => void) {
    this.#caller = caller;
    this.#rules = rules;
    this.#onEnd = onEnd;
    this.#daemon = connect({ path, allowHalfOpen: true });
    caller.on('data', (chunk: Buffer) => this.#ask(chunk));
    this.#daemon.on('data', (chunk: Buffer) => this.#answer(chunk));
    caller.on('end', () => this.#daemon.end());
    this.#daemon.on('end', () => this.#hangUp());
    for (const socket of [caller, this.#daemon]) {
      socket.on('error', () => this.close());
      socket.on('close', () => this.#closed());
    }
  }

  /** Ends both sides at once. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#caller.destroy();
    this.#daemon.destroy();
  }

  /** The daemon ends the connection; a caller whose answer was lost does not hear of that either. */
  #hangUp(): void {
    if (this.#rule === undefined || !('lose' in this.#rule)) this.#later(() => this.#caller.end());
  }

  #closed(): void {
    if (this.#caller.destroyed && this.#daemon.destroyed) this.#onEnd();
    // a caller that is gone is gone for the daemon too, and the other way round once its last answer is through
    else if (this.#caller.destroyed) this.#daemon.destroy();
  }

  #ask(chunk: Buffer): void {
    if (this.#answered) {
      this.#rule = this.#rules.take(chunk);
      this.#answered = false;
      this.#passed = 0;
    }
    const rule = this.#rule;
    if (rule === undefined || !('close' in rule || 'answer' in rule || ('lose' in rule && rule.lose === 'request'))) {
      this.#daemon.write(chunk);
    } else if ('close' in rule) {
      this.close();
    } else if ('answer' in rule && !this.#answered) {
      this.#answered = true;
      this.#caller.write(rule.answer);
    }
  }

  #answer(chunk: Buffer): void {
    const rule = this.#rule;
    const first = !this.#answered;
    this.#answered = true;
    if (rule === undefined) this.#caller.write(chunk);
    else if ('delay' in rule) this.#later(() => this.#caller.write(chunk));
    else if ('truncate' in rule) this.#truncate(chunk, rule.truncate);
    else if ('replace' in rule && first) this.#caller.write(typeof rule.replace === 'function' ? rule.replace(chunk) : rule.replace);
  }

  #truncate(chunk: Buffer, bytes: number): void {
    this.#caller.write(chunk.subarray(0, Math.max(0, bytes - this.#passed)));
    this.#passed += chunk.length;
    if (this.#passed >= bytes) this.#caller.end(() => this.close());
  }

  /** In the order of asking, `delay` ms from now where the rule has one. */
  #later(action: () => void): void {
    const delay = this.#rule !== undefined && 'delay' in this.#rule ? this.#rule.delay : 0;
    if (delay === 0) {
      action();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#caller.destroyed) action();
    }, delay);
    this.#timers.add(timer);
  }
}

import { Gate } from './gate.ts';

/**
 * ADDs, or DELs, that work at the same time. The kernel makes one device at a time, on whatever node; more calls under way than keep it busy would
 * only end later, all of them.
 */
const AT_ONCE = 16;
/** ADDs that work at the same time while there are DELs: what a pod held is free, and its node's resources too, before more is taken. */
const BESIDE_DELS = 2;

/** Where ADDs and DELs pass that the daemon serves itself. No DEL waits behind an ADD, and ADDs make room for DELs without ever standing still. */
export class CallGates {
  readonly #dels = new Gate(() => AT_ONCE);
  readonly #adds = new Gate(() => (this.#dels.isBusy ? BESIDE_DELS : AT_ONCE));

  async add<T>(work: () => Promise<T>): Promise<T> {
    return await this.#adds.pass(work);
  }

  async del<T>(work: () => Promise<T>): Promise<T> {
    return await this.#dels.pass(work).finally(() => this.#adds.admit());
  }
}

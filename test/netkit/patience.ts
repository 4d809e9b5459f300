import { setTimeout as sleep } from 'node:timers/promises';
import { CniError } from '../../test-harness/index.ts';

/** CNI: try again later. What a plugin says when the daemon is not quick enough to answer, which on an emulated processor it may not be. */
const TRY_AGAIN = 11;

/** Does what a runtime does with that answer: it calls again, ten times at most. */
export async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let left = 10; ; left -= 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof CniError) || error.code !== TRY_AGAIN || left === 0) throw error;
      await sleep(500);
    }
  }
}

/** Attempts: so many times in a row no machine is too busy that can run the test at all. */
const MOST = 10;

/**
 * Measures again what took longer than `limit` milliseconds, up to {@link MOST} times, and gives the fastest: what the call takes when others leave it
 * the processor. A call that waits too long by itself does so every time.
 */
export async function fastest<T extends { readonly duration: number }>(limit: number, call: () => Promise<T>): Promise<T> {
  let best = await call();
  for (let n = 1; n < MOST && best.duration >= limit; n++) {
    const next = await call();
    if (next.duration < best.duration) best = next;
  }
  return best;
}

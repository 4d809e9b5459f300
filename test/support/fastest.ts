/** For so long, in milliseconds, no machine is too busy all the time that can run the test at all. */
const PATIENCE = 10_000;

/**
 * Measures again what took longer than `limit` milliseconds, for ten seconds at most, and gives the fastest: what the call takes when others leave it
 * the processor. A call that waits too long by itself does so every time.
 */
export async function fastest<T extends { readonly duration: number }>(limit: number, call: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE;
  let best = await call();
  while (best.duration >= limit && performance.now() < deadline) {
    const next = await call();
    if (next.duration < best.duration) best = next;
  }
  return best;
}

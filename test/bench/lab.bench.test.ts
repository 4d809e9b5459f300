import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { Lab } from '../../test-harness/index.ts';

/** Milliseconds of the fastest of three runs. */
async function fastest(work: () => Promise<void> | void): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < 3; n++) {
    const began = performance.now();
    await work();
    took.push(performance.now() - began);
  }
  return Math.min(...took);
}

it('a lab of ten nodes is built and closed in the time of a hundred bare namespaces', async () => {
  const nodes = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`node${i}`, {}]));
  const lab = await fastest(async () => (await Lab.create({ nodes })).close());
  const bare = await fastest(() => {
    for (let i = 0; i < 10; i++) execFileSync('unshare', ['--mount', '--net', '--pid', '--fork', 'true']);
  });
  expect(lab / bare).toBeLessThan(10);
});

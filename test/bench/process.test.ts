import { expect, it } from 'vitest';
import { processorMs, residentMegabytes } from './process.ts';

it('reads what this very process holds and has used', () => {
  const before = processorMs(process.pid);
  for (const end = performance.now() + 60; performance.now() < end; );
  expect(processorMs(process.pid) - before).toBeGreaterThanOrEqual(20);
  expect(residentMegabytes(process.pid) / (process.memoryUsage.rss() / 1e6)).toBeCloseTo(1, 0);
});

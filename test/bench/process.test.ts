import { expect, it } from 'vitest';
import { processorMs, residentMegabytes } from './process.ts';

/** Processor time of this process in milliseconds, by its own account. */
const used = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1000;

it('reads what this very process holds and has used', () => {
  const [before, usedBefore] = [processorMs(process.pid), used()];
  while (used() - usedBefore < 60);
  expect(processorMs(process.pid) - before).toBeGreaterThanOrEqual(40);
  expect(residentMegabytes(process.pid) / (process.memoryUsage.rss() / 1e6)).toBeCloseTo(1, 0);
});

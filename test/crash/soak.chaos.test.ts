import { expect, test } from 'vitest';
import { soak } from '../fixtures/crash/soak.ts';

test('ten seconds of ADDs and DELs with random deaths leak nothing, and forty pods, twenty at once, all live', async () => {
  const lines: string[] = [];
  const report = await soak({ seconds: 10, seed: 4, pods: 40, tell: (line) => lines.push(line) });
  expect(Object.values(report.cycles).every((cycles) => cycles > 0)).toBe(true);
  expect(report.killedPlugins).toBeGreaterThan(0);
  expect(report.killedDaemons).toBeGreaterThan(0);
  expect(lines.every((line) => /no leaks|all there/.test(line))).toBe(true);
});

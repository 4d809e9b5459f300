import { expect, test } from 'vitest';
import { soak } from './soak.ts';

test('half a minute of ADDs and DELs with random deaths leaks nothing, and sixty pods at once all live', { timeout: 180_000 }, async () => {
  const lines: string[] = [];
  const report = await soak({ seconds: 30, seed: 4, pods: 60, tell: (line) => lines.push(line) });
  expect(report.cycles).toBeGreaterThan(50);
  expect(report.killedPlugins).toBeGreaterThan(5);
  expect(report.killedDaemons).toBeGreaterThan(1);
  expect(lines.every((line) => /no leaks|all there/.test(line))).toBe(true);
});

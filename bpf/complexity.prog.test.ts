import { expect, it } from 'vitest';
import { kernel, measureComplexity, readComplexity } from './gen/complexity.ts';
import { monitorAggregation, programs } from './layout.generated.ts';

/** By how much a program may grow before somebody looks: on a recorded kernel, and on one whose verifier nobody has measured yet. */
const GROWTH = { recorded: 1.2, unknown: 2 };

/** Instructions that count for nothing: compilers differ by a handful, which is a fifth of the smallest program. */
const SLACK = 50;

it('no program grows by more than a fifth unless bpf/complexity.json is renewed (node bpf/gen/complexity.ts)', async () => {
  const records = readComplexity();
  const recorded = records[kernel()];
  const baseline = recorded ?? Object.values(records).at(-1) ?? {};
  const factor = recorded ? GROWTH.recorded : GROWTH.unknown;
  const measured = await measureComplexity();
  const grown = Object.entries(measured).filter(([name, now]) => now > (baseline[name] ?? 0) * factor + SLACK);
  expect(Object.keys(baseline).sort()).toEqual(Object.keys(programs).sort());
  expect(grown).toEqual([]);
});

const absent = new Uint8Array(16);
for (const [name, routers] of Object.entries({
  'IPv4 alone': { cfg_router6: absent },
  'IPv6 alone': { cfg_router4: absent },
  'no family': { cfg_router4: absent, cfg_router6: absent },
})) {
  for (const [level, cfg_monitor_aggregation] of Object.entries(monitorAggregation)) {
    it(`the verifier accepts every program with ${name} and aggregation ${level}`, async () => {
      await measureComplexity({ ...routers, cfg_monitor_aggregation });
    });
  }
}

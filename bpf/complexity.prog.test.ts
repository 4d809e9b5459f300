import { beforeAll, describe, expect, it } from 'vitest';
import { type Complexity, kernel, loadEvery, measureComplexity, readComplexity } from './gen/complexity.ts';
import { monitorAggregation, programs } from './layout.generated.ts';

/** By how much a program may grow before somebody looks: on a recorded kernel, and on one whose verifier nobody has measured yet. */
const GROWTH = { recorded: 1.2, unknown: 2 };

/** Instructions that count for nothing: compilers differ by a handful, which is a fifth of the smallest program. */
const SLACK = 50;

/** Bytes of stack that no program may pass: of the verifier's 512, room for what one more step needs. */
const MOST_STACK = 400;

describe('beside bpf/complexity.json (renewed by node bpf/gen/complexity.ts)', () => {
  const records = readComplexity();
  const recorded = records[kernel()];
  const baseline = recorded ?? Object.values(records).at(-1) ?? {};
  const factor = recorded ? GROWTH.recorded : GROWTH.unknown;
  let measured: Complexity;
  beforeAll(async () => {
    measured = await measureComplexity();
  });

  it('every program is recorded', () => {
    expect(Object.keys(baseline).sort()).toEqual(Object.keys(programs).sort());
  });

  it('no program takes a fifth more instructions', () => {
    const grown = Object.entries(measured).filter(([name, now]) => now.instructions > (baseline[name]?.instructions ?? 0) * factor + SLACK);
    expect(grown).toEqual([]);
  });

  it(`no program takes a fifth more stack, nor more than ${MOST_STACK} bytes`, () => {
    const limit = (name: string) => Math.min((baseline[name]?.stack ?? 0) * factor, MOST_STACK);
    expect(Object.entries(measured).filter(([name, now]) => now.stack > limit(name))).toEqual([]);
  });
});

const absent = new Uint8Array(16);
for (const [name, routers] of Object.entries({
  'IPv4 alone': { cfg_router6: absent },
  'IPv6 alone': { cfg_router4: absent },
  'no family': { cfg_router4: absent, cfg_router6: absent },
})) {
  for (const [level, cfg_monitor_aggregation] of Object.entries(monitorAggregation)) {
    it.each([0, 1])(`the verifier accepts every program with ${name}, aggregation ${level}, preemptible %i`, async (cfg_preemptible) => {
      await loadEvery({ ...routers, cfg_monitor_aggregation, cfg_preemptible });
    });
  }
}

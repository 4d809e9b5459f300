import { afterAll, beforeAll, expect, it } from 'vitest';
import { Lab } from '../../test-harness/index.ts';
import { dualStack } from '../fixtures/axoneme.ts';
import { TestNode } from '../fixtures/test-node.ts';
import { forms, ptp } from './contenders.ts';
import { datapathRows } from './datapath.ts';
import limits from './limits.json' with { type: 'json' };
import { read } from './row.ts';
import { type Extent, full, type Stage } from './section.ts';
import { timeVerbs, verbRows } from './verbs.ts';

/*
 * What must not become slower, as ratios to peers of the same run. The limits are the goals with room for a machine that has other work: what they find
 * is a change of kind, an import too many or a grace period in the way, not one of some percent; `npm run bench` finds those.
 */

/** Programs attached without grace periods, so that the machine's own knob for them is left alone. */
const config = { ...dualStack, bpf: { datapathMode: 'veth', enableTCX: false } };
const extent: Extent = { ...full, calls: 7, transfers: 5, transfer: 100 };

let lab: Lab;
let stage: Stage;
beforeAll(async () => {
  lab = await Lab.create();
  const axoneme = await TestNode.start(await lab.addNode('node1'), { config });
  stage = { lab, axoneme, extent, say: () => undefined };
});
afterAll(() => lab.close());

let runs = 0;

/** The ratios of one run, by row. */
async function measure(): Promise<Map<string, number>> {
  runs += 1;
  const times = await timeVerbs(stage.axoneme, [...forms, ptp], extent.calls, stage.say);
  const rows = [...verbRows(times), ...(await datapathRows(stage, 'veth', `guard-${runs}`))];
  return new Map(rows.flatMap((row) => (row.beside === undefined ? [] : [[row.id, read(row).beside?.ratio ?? Number.NaN] as const])));
}

/** What is above its limit, or missing. */
function excess(ratios: ReadonlyMap<string, number>): Record<string, number | undefined> {
  const above = Object.entries(limits).filter(([id, limit]) => !((ratios.get(id) ?? Number.NaN) <= limit));
  return Object.fromEntries(above.map(([id]) => [id, ratios.get(id)]));
}

it('no call and no packet takes more of its peer’s time than it may, or not twice', async () => {
  const first = excess(await measure());
  if (Object.keys(first).length === 0) return;
  const second = excess(await measure());
  const twice = Object.keys(first).filter((id) => id in second);
  expect(
    twice.map((id) => `${id}: ${first[id]?.toFixed(2)}, then ${second[id]?.toFixed(2)}, limit ${limits[id as keyof typeof limits]}`),
  ).toEqual([]);
});

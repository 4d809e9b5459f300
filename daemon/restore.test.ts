import { afterEach, beforeEach, expect, it } from 'vitest';
import { addWhole, createBench, FakeClaim } from './endpoint/fakes.ts';
import { silent } from './log.ts';
import { removeLost } from './restore.ts';

let bench: ReturnType<typeof createBench>;
beforeEach(() => {
  bench = createBench();
});
afterEach(() => bench[Symbol.dispose]());

it('an endpoint whose device went while the daemon started is removed, and no other, nor one of an ADD under way', async () => {
  const lost = await addWhole(bench, { containerId: 'lost' });
  const whole = await addWhole(bench, { containerId: 'whole' });
  const { endpoint: young } = await bench.manager.create(bench.request({ containerId: 'young' }), new FakeClaim());
  bench.datapath.devices.delete(lost.hostIfname);
  await removeLost(bench.manager, bench.datapath, silent);
  expect(bench.manager.list().map(({ id }) => id)).toEqual([whole.id, young.id]);
});

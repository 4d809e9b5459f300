import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { addWhole, createBench, FakeClaim } from './fakes.ts';

/* Calls of one attachment that meet; the order of their steps is the test's. */

let bench: ReturnType<typeof createBench>;

beforeEach(() => {
  bench = createBench();
});
afterEach(() => bench[Symbol.dispose]());

const tick = () => new Promise((resolve) => setImmediate(resolve));

/** Makes the datapath's next burial wait until the test lets it go on. */
function holdBurial() {
  const bury = bench.datapath.bury.bind(bench.datapath);
  let release = () => undefined as void;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  vi.spyOn(bench.datapath, 'bury').mockImplementationOnce(async (endpoint) => {
    await released;
    return await bury(endpoint);
  });
  return { release };
}

/** An ADD that has its device, with its client. */
async function beginAdd(claim = new FakeClaim()) {
  const { endpoint } = await bench.manager.create(bench.request(), claim);
  bench.datapath.devices.add(endpoint.hostIfname);
  return { claim, endpoint };
}

it('an endpoint that a DEL takes from its ADD is buried once, though the ADD takes it back as well', async () => {
  const { claim, endpoint } = await beginAdd();
  const burial = holdBurial();
  const deleting = bench.manager.disconnect(endpoint);
  await tick();
  const undoing = bench.manager.remove(endpoint.id, claim);
  burial.release();
  await undoing;
  claim.close();
  await deleting;
  await bench.manager.close();
  expect(bench.datapath.calls.filter((call) => call === 'bury')).toHaveLength(1);
  expect(bench.store.readAll()).toEqual([]);
});

it('an address is freed once, though its endpoint is deleted while a second DEL buries it', async () => {
  const endpoint = await addWhole(bench);
  const write = vi.spyOn(bench.store, 'write').mockImplementation(() => {
    throw new Error('no space left on device');
  });
  bench.datapath.failing = 'reap';
  await expect(bench.manager.disconnect(endpoint)).rejects.toThrow('reap');
  write.mockRestore();
  const burial = holdBurial();
  const again = bench.manager.disconnect(endpoint);
  await tick();
  await bench.manager.reap();
  const next = await addWhole(bench, { containerId: 'c2' });
  burial.release();
  await again;
  await bench.manager.close();
  expect([...bench.addressing.owners]).toEqual([[next.ipv4?.address, 'c2']]);
  expect(bench.store.readAll().map((record) => record.endpoint)).toEqual([next]);
  expect(bench.manager.list()).toEqual([next]);
});

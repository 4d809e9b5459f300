import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CallClaim } from '../cni/claim.ts';
import { addWhole, createBench, FakeClaim } from './fakes.ts';
import type { Claim } from './ports.ts';

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
  let release: () => void = () => undefined;
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
async function beginAdd<T extends Claim>(claim: T) {
  const { endpoint } = await bench.manager.create(bench.request(), claim);
  bench.datapath.devices.add(endpoint.hostIfname);
  return { claim, endpoint };
}

/** What has ended of some pieces of work, in the order of their ends. */
function watching(pieces: Readonly<Record<string, Promise<unknown>>>): string[] {
  const ended: string[] = [];
  for (const [name, work] of Object.entries(pieces)) void work.then(() => ended.push(name));
  return ended;
}

it('an endpoint that a DEL takes from its ADD is buried once, though the ADD takes it back as well', async () => {
  const { claim, endpoint } = await beginAdd(new FakeClaim());
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

it('a DEL answers, and the next ADD begins, when the ADD from which the DEL took the endpoint has taken its device back', async () => {
  const { claim, endpoint } = await beginAdd(new CallClaim());
  const deleting = bench.manager.disconnect(endpoint);
  await tick();
  const adding = bench.manager.create(bench.request(), new CallClaim());
  const ended = watching({ DEL: deleting, ADD: adding });
  // The first ADD hears of it at its next step, and takes back what it made: by the name of the attachment, as it knows no other.
  await expect(bench.manager.complete(endpoint.id, claim)).rejects.toMatchObject({ code: 'busy' });
  await bench.manager.disconnect(endpoint, { claim, since: claim.since });
  await bench.manager.remove(endpoint.id, claim);
  await tick();
  expect(ended).toEqual([]);
  claim.end();
  expect((await adding).endpoint.state).toBe('creating');
  expect(await deleting).toMatchObject({ id: endpoint.id, state: 'disconnected' });
});

it('an ADD waits for one that failed and has buried its endpoint, though not yet deleted its device', async () => {
  const { claim, endpoint } = await beginAdd(new CallClaim());
  const burial = holdBurial();
  const undoing = bench.manager.disconnect(endpoint, { claim, since: claim.since });
  const adding = bench.manager.create(bench.request(), new CallClaim());
  const ended = watching({ undo: undoing, ADD: adding });
  burial.release();
  await undoing;
  await tick();
  expect(ended).toEqual(['undo']);
  claim.end();
  await adding;
});

it('a DEL leaves alone what was asked for after it, though that comes first', async () => {
  const del = { claim: new CallClaim(), since: performance.now() };
  await new Promise((resolve) => setTimeout(resolve, 1));
  const { endpoint } = await bench.manager.create(bench.request(), new CallClaim());
  await expect(bench.manager.disconnect(endpoint, del)).rejects.toMatchObject({ code: 'busy' });
  expect(bench.manager.get(endpoint.id)).toEqual(endpoint);
});

it('a replayed DEL leaves alone what was made while it waited for an ADD that it means', async () => {
  const { claim } = await beginAdd(new CallClaim());
  claim.leave();
  bench.clock.now = new Date(2);
  const adding = bench.manager.create(bench.request(), new FakeClaim());
  const replayed = bench.manager.removeByKey(bench.request(), { wall: new Date(1).toISOString() });
  claim.end();
  expect(await replayed).toBe(false);
  expect(bench.manager.get((await adding).endpoint.id).state).toBe('creating');
});

it('a DEL takes the endpoint of an ADD that came before it, though that waited for its turn the longer', async () => {
  const adder = new CallClaim();
  const del = { claim: new CallClaim(), since: performance.now() };
  const { endpoint } = await bench.manager.create(bench.request(), adder);
  const deleting = bench.manager.disconnect(endpoint, del);
  await tick();
  adder.end();
  expect(await deleting).toMatchObject({ id: endpoint.id, state: 'disconnected' });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silent } from '../log.ts';
import type { Entry } from './entry.ts';
import { addWhole, createBench, FakeDatapath, FakeWindow } from './fakes.ts';
import { Reaper } from './reaper.ts';

let datapath: FakeDatapath;
let window: FakeWindow;
let forgotten: number[];
let reaper: Reaper;
/** Endpoints of each batch. */
let batches: number[][];
let endpoint: Entry['record']['endpoint'];

beforeEach(async () => {
  using bench = createBench();
  endpoint = await addWhole(bench);
  [datapath, window, forgotten, batches] = [new FakeDatapath(), new FakeWindow(), [], []];
  const reap = datapath.reap.bind(datapath);
  datapath.reap = async (endpoints) => {
    batches.push(endpoints.map(({ id }) => id));
    expect([...window.open_]).toEqual([0]);
    return await reap(endpoints);
  };
  reaper = new Reaper({ datapath, window, log: silent, forget: (entry) => void forgotten.push(entry.record.endpoint.id) });
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

const bury = (id: number) =>
  reaper.add({ record: { version: 1, endpoint: { ...endpoint, id, state: 'disconnected', hostIfname: `axd${id}` } } });

describe('the reaper', () => {
  it('takes one endpoint after a short quiet, in a window of its own', async () => {
    bury(1);
    await vi.advanceTimersByTimeAsync(19);
    expect(batches).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches).toEqual([[1]]);
    expect([forgotten, window.open_.size]).toEqual([[1], 0]);
    expect(reaper.counts).toEqual({ endpoints: 1, batches: 1, waiting: 0 });
  });

  it.each([
    [3, 3],
    [10, 6],
    [30, 16],
  ])('takes a drain of a hundred, a DEL every %i ms, in %i batches at most', async (interval, most) => {
    for (let id = 1; id <= 100; id++) {
      bury(id);
      await vi.advanceTimersByTimeAsync(interval);
      if (id % 7 === 0) await vi.advanceTimersByTimeAsync(interval);
    }
    await vi.advanceTimersByTimeAsync(250);
    expect(forgotten).toHaveLength(100);
    expect(batches.length).toBeLessThanOrEqual(most);
  });

  it('takes each of those that come one by one soon after it came', async () => {
    for (let id = 1; id <= 10; id++) {
      bury(id);
      await vi.advanceTimersByTimeAsync(70);
      expect(forgotten).toHaveLength(id);
    }
  });

  it('takes at once what somebody waits for', async () => {
    bury(1);
    bury(2);
    await reaper.gone(2);
    expect(batches).toEqual([[1, 2]]);
  });

  it('tells who waits what is in the way, and tries again', async () => {
    datapath.failing = 'reap';
    bury(1);
    await expect(reaper.gone(1)).rejects.toThrow('refused by the test');
    expect(reaper.counts).toEqual({ endpoints: 0, batches: 1, waiting: 1 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(forgotten).toEqual([1]);
  });

  it('keeps an endpoint that the kernel has not let go, and frees the others of its batch', async () => {
    vi.spyOn(datapath, 'reap').mockResolvedValueOnce(new Map([[2, new Error('device or resource busy')]]));
    for (const id of [1, 2, 3]) bury(id);
    await reaper.reap();
    expect([forgotten, reaper.counts.waiting]).toEqual([[1, 3], 1]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(forgotten).toEqual([1, 3, 2]);
  });

  it('of a daemon that ends deletes what waits and sets no more timers', async () => {
    datapath.failing = 'reap';
    bury(1);
    await reaper.close();
    expect([reaper.counts.waiting, vi.getTimerCount()]).toEqual([1, 0]);
  });
});

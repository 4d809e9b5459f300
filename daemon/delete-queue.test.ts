import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bootId } from '../native/index.ts';
import { DeleteQueue } from './delete-queue.ts';
import { addWhole, createBench } from './endpoint/fakes.ts';
import { silent } from './log.ts';

let bench: ReturnType<typeof createBench>;
let folder: string;
let queue: DeleteQueue;

beforeEach(() => {
  bench = createBench();
  folder = join(bench.folder, 'delete-queue');
  mkdirSync(folder);
  queue = new DeleteQueue(folder, bench.manager, silent);
});
afterEach(() => {
  queue.close();
  bench[Symbol.dispose]();
});

const enqueue = (name: string, containerId: string, queuedAt: string) =>
  writeFileSync(join(folder, name), JSON.stringify({ version: 1, containerId, ifname: 'eth0', queuedAt }));
/** As the plugin leaves it: by both clocks. */
const enqueueOn = (name: string, containerId: string, queuedAt: string, us: number) =>
  writeFileSync(
    join(folder, name),
    JSON.stringify({ version: 1, containerId, ifname: 'eth0', queuedAt, queuedOn: { bootId: bootId(), us } }),
  );
const later = '2030-01-01T00:00:00.000Z';

describe('the delete queue', () => {
  it('removes what was deleted while the daemon was away', async () => {
    await addWhole(bench);
    enqueue('a.json', 'c1', later);
    await queue.replay();
    expect(bench.manager.list()).toMatchObject([{ state: 'disconnected' }]);
    await bench.manager.close();
    expect(bench.manager.list()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('does not take a buried endpoint for the attachment that bears its name now', async () => {
    await bench.manager.disconnect(await addWhole(bench));
    bench.clock.now = new Date('2031-01-01T00:00:00.000Z');
    const after = await addWhole(bench);
    enqueue('a.json', 'c1', later);
    await queue.replay();
    expect([bench.manager.get(after.id), readdirSync(folder)]).toEqual([after, []]);
  });

  it('goes in the order of time, not of names', async () => {
    const order: string[] = [];
    const deleter = { removeByKey: async ({ containerId }: { containerId: string }) => order.push(containerId) > 0 };
    enqueue('a.json', 'second', '2030-01-02T00:00:00.000Z');
    enqueue('b.json', 'first', '2030-01-01T00:00:00.000Z');
    await new DeleteQueue(folder, deleter, silent).replay();
    expect(order).toEqual(['first', 'second']);
  });

  it('removes what was made before the DEL although the clock was set back between ADD and DEL', async () => {
    bench.clock.now = new Date('2031-01-01T00:00:00.000Z');
    await addWhole(bench);
    enqueueOn('a.json', 'c1', '2030-01-01T00:00:00.000Z', bench.clock.us + 1);
    await queue.replay();
    expect(bench.manager.list()).toMatchObject([{ state: 'disconnected' }]);
  });

  it('leaves what was made after the DEL alone although the clock was set back between DEL and ADD', async () => {
    bench.clock.now = new Date('2030-01-01T00:00:00.000Z');
    bench.clock.us = 1000;
    await addWhole(bench);
    enqueueOn('a.json', 'c1', '2031-01-01T00:00:00.000Z', 999);
    await queue.replay();
    expect([bench.manager.list(), readdirSync(folder)]).toMatchObject([[{ state: 'ready' }], []]);
  });

  it('leaves an endpoint alone that is newer than the record', async () => {
    await addWhole(bench);
    enqueue('a.json', 'c1', '1960-01-01T00:00:00.000Z');
    await queue.replay();
    expect(bench.manager.list()).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('forgets a record of an unknown attachment, moves a bad one aside, keeps one that fails', async () => {
    await addWhole(bench);
    bench.datapath.failing = 'bury';
    enqueue('a.json', 'c1', later);
    enqueue('b.json', 'nobody', later);
    writeFileSync(join(folder, 'c.json'), '{"version":9}');
    await queue.replay();
    expect(readdirSync(folder).sort()).toEqual(['a.json', 'c.json.bad']);
    await queue.replay();
    expect(readdirSync(folder)).toEqual(['c.json.bad']);
  });

  it('goes on when something in its folder cannot be read, and when the folder cannot', async () => {
    await addWhole(bench);
    mkdirSync(join(folder, 'a.json'));
    enqueue('b.json', 'c1', later);
    await queue.replay();
    expect(bench.manager.list()).toMatchObject([{ state: 'disconnected' }]);
    expect(readdirSync(folder)).toEqual(['a.json.bad']);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    await queue.replay();
    rmSync(folder);
    mkdirSync(folder);
    enqueue('c.json', 'nobody', later);
    await queue.replay();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('discards what a killed plugin left of a write, and not what one is writing', () => {
    for (const name of ['old.json.7.tmp', 'new.json.8.tmp']) writeFileSync(join(folder, name), '{');
    utimesSync(join(folder, 'old.json.7.tmp'), 0, 0);
    queue.watch();
    expect(readdirSync(folder)).toEqual(['new.json.8.tmp']);
  });

  it('sees a record that comes later', async () => {
    await addWhole(bench);
    queue.watch();
    enqueue('a.json', 'c1', later);
    await expect.poll(() => bench.manager.list()).toEqual([]);
  });
});

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Collector } from '../contract/collect.ts';
import { gadget, gadgets } from '../contract/widget.ts';
import { openEmbedded } from './index.ts';
import { encodeRecord } from './journal.ts';

const newPath = () => join(mkdtempSync(join(tmpdir(), 'axoneme-journal-')), 'objects.journal');

async function names(path: string): Promise<(string | undefined)[]> {
  const store = await openEmbedded({ path });
  const { items } = await store.list(gadgets);
  await store.close();
  return items.map(({ metadata }) => metadata.name);
}

/** A file with two writes, and its length after the first. */
async function twoWrites(): Promise<{ readonly path: string; readonly bytes: Buffer; readonly first: number }> {
  const path = newPath();
  const store = await openEmbedded({ path });
  await store.create(gadgets, gadget('a'));
  const first = readFileSync(path).length;
  await store.create(gadgets, gadget('b'));
  await store.close();
  return { path, bytes: readFileSync(path), first };
}

test('a last line torn at any byte is dropped, and the next write takes its place', async () => {
  const { path, bytes, first } = await twoWrites();
  for (let length = first; length < bytes.length; length += 1) {
    writeFileSync(path, bytes.subarray(0, length));
    expect(await names(path)).toEqual(['a']);
  }
  const store = await openEmbedded({ path });
  await store.create(gadgets, gadget('c'));
  await store.close();
  expect(await names(path)).toEqual(['a', 'c']);
});

test('a file torn before its first line is complete is an empty store', async () => {
  const { path, bytes } = await twoWrites();
  writeFileSync(path, bytes.subarray(0, 10));
  expect(await names(path)).toEqual([]);
});

test('a damaged line before the last one is InternalError with its offset', async () => {
  const { path, bytes, first } = await twoWrites();
  const damaged = Buffer.from(bytes);
  damaged[first - 20] = 0;
  writeFileSync(path, damaged);
  await expect(openEmbedded({ path })).rejects.toMatchObject({
    reason: 'InternalError',
    message: expect.stringMatching(/damaged record at byte \d+/),
  });
});

test('a watch resumes across a restart, and is Expired when the file was made anew in between', async () => {
  const path = newPath();
  const before = await openEmbedded({ path });
  const first = await before.create(gadgets, gadget('first'));
  await before.create(gadgets, gadget('second'));
  await before.close();
  const restarted = await openEmbedded({ path });
  const resourceVersion = first.metadata.resourceVersion ?? '';
  await using watch = new Collector(restarted, gadgets, { resourceVersion });
  await expect.poll(() => watch.lines).toEqual(['ADDED second']);
  for (let n = 0; n < 6; n += 1)
    await restarted.patch(gadgets, { name: 'first' }, { type: 'merge', body: { data: { text: String(n).repeat(400_000) } } });
  await restarted.close();
  const compacted = await openEmbedded({ path });
  await using late = new Collector(compacted, gadgets, { resourceVersion });
  expect(await late.ended).toMatchObject({ reason: 'Expired', status: 410 });
  await compacted.close();
});

test('a watch that is further behind than the history is Expired', async () => {
  const store = await openEmbedded({ path: newPath(), history: 10 });
  const { metadata } = await store.create(gadgets, gadget('old'));
  for (let n = 0; n < 30; n += 1) await store.create(gadgets, gadget(`new-${n}`));
  await using watch = new Collector(store, gadgets, { resourceVersion: metadata.resourceVersion ?? '' });
  expect(await watch.ended).toMatchObject({ reason: 'Expired' });
  await store.close();
});

test('a resourceVersion that the store has not reached is Expired: it is of another store', async () => {
  const store = await openEmbedded({ path: newPath() });
  await using watch = new Collector(store, gadgets, { resourceVersion: '1000' });
  expect(await watch.ended).toMatchObject({ reason: 'Expired' });
  await store.close();
});

test('a file of a newer format is refused and left as it is', async () => {
  const path = newPath();
  const { path: other } = await twoWrites();
  const header = encodeRecord({ format: 'axoneme-store/2' as 'axoneme-store/1', revision: 0 });
  writeFileSync(path, readFileSync(other, 'utf8').replace(/^.*\n/, header));
  const before = readFileSync(path);
  await expect(openEmbedded({ path })).rejects.toMatchObject({
    reason: 'InternalError',
    message: expect.stringContaining('newer axoneme'),
  });
  expect(readFileSync(path)).toEqual(before);
});

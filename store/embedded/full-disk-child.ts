/* A process of full-disk.netns.test.ts: fills the file system of a folder under a store, makes room again, and prints what the store did. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gadget, gadgets } from '../contract/widget.ts';
import { openEmbedded } from './index.ts';

const folder = process.argv[2] ?? '';
const path = join(folder, 'objects.journal');
const ballast = join(folder, 'ballast');
const text = 'x'.repeat(60_000);

const store = await openEmbedded({ path });
await store.create(gadgets, gadget('big-0', { text }));
writeFileSync(ballast, 'x'.repeat(100_000));
let failure: { reason?: string; message?: string } = {};
for (let n = 1; n < 9 && failure.reason === undefined; n += 1) {
  await store.create(gadgets, gadget(`big-${n}`, { text: text.repeat(2) })).catch((error) => {
    failure = error;
  });
}
const { items } = await store.list(gadgets);
const isReadable = (await store.get(gadgets, { name: 'big-0' })).data?.['text'] === text;
const isGone = items.every(({ metadata }) => metadata.name === 'big-0');
rmSync(ballast);
await store.create(gadgets, gadget('room'));
await store.close();
const again = await openEmbedded({ path });
await again.create(gadgets, gadget('after'));
const names = (await again.list(gadgets)).items.map(({ metadata }) => metadata.name);
await again.close();
process.stdout.write(JSON.stringify({ reason: failure.reason, message: failure.message, isReadable, isGone, names }));

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Gadget, gadget, gadgets, type Widget, widget, widgets } from '../contract/widget.ts';
import { openEmbedded } from '../embedded/index.ts';
import { StoreError } from '../errors.ts';
import type { Store } from '../store.ts';
import { Informer } from './informer.ts';
import { Informers } from './informers.ts';

const quick = { firstMs: 1, mostMs: 5 };

const open = (history = 10_000) =>
  openEmbedded({ path: join(mkdtempSync(join(tmpdir(), 'axoneme-informer-')), 'objects.journal'), history });

/** A store whose lists and watches fail when `fails` says so; a watch also in the middle. */
function faulty(store: Store, fails: () => StoreError | undefined): Store {
  const check = () => {
    const error = fails();
    if (error) throw error;
  };
  return Object.assign(Object.create(store) as Store, {
    get: store.get.bind(store),
    list: async (...args: Parameters<Store['list']>) => {
      check();
      return store.list(...args);
    },
    async *watch(...args: Parameters<Store['watch']>) {
      check();
      for await (const event of store.watch(...args)) {
        yield event;
        check();
      }
    },
  });
}

/** Follows an informer's events; throws when one does not fit what came before. */
function mirror(informer: Informer<Gadget>): Map<string, Gadget> {
  const objects = new Map<string, Gadget>();
  informer.subscribe((event) => {
    const name = event.object.metadata.name ?? '';
    const known = objects.get(name);
    if ((event.type === 'add') !== (known === undefined)) throw new Error(`${event.type} of ${name}, which is ${known ? '' : 'not '}there`);
    if (event.type === 'update' && Number(event.object.metadata.resourceVersion) <= Number(known?.metadata.resourceVersion))
      throw new Error(`${name} went back`);
    if (event.type === 'delete') objects.delete(name);
    else objects.set(name, event.object);
  });
  return objects;
}

const operation = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  action: fc.constantFrom('write', 'delete', 'replace', 'outage', 'wait'),
});

test('with any writes and outages an informer ends with what the store has, each event fitting the one before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
      const store = await open(3);
      let outages = 0;
      const fails = () => (outages-- > 0 ? new StoreError('ServiceUnavailable', 'away') : undefined);
      const informer = new Informer<Gadget>(faulty(store, fails), gadgets, { backoff: quick }).start();
      const objects = mirror(informer);
      for (const { name, action } of operations) {
        if (action === 'outage') outages = 2;
        if (action === 'wait') await new Promise((resolve) => setTimeout(resolve, 2));
        if (action === 'delete' || action === 'replace') await store.delete(gadgets, { name }).catch(() => undefined);
        if (action === 'write' || action === 'replace') {
          await store
            .create(gadgets, gadget(name))
            .catch(() => store.patch(gadgets, { name }, { type: 'merge', body: { data: { at: String(Math.random()) } } }));
        }
      }
      const { items } = await store.list(gadgets);
      const versions = (list: Iterable<Gadget>) => [...list].map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).sort();
      await expect.poll(() => versions(informer.list()), { interval: 1 }).toEqual(versions(items));
      expect(versions(objects.values())).toEqual(versions(items));
      await informer.close();
      await store.close();
    }),
    { numRuns: 60 },
  );
});

test('what was deleted while history was lost is reported as deleted, and a new object of its name as another', async () => {
  const store = await open(5);
  const first = await store.create(gadgets, gadget('reborn', { n: '1' }));
  await store.create(gadgets, gadget('gone', { n: '7' }));
  let isAway = false;
  const informer = new Informer<Gadget>(
    faulty(store, () => (isAway ? new StoreError('ServiceUnavailable', 'away') : undefined)),
    gadgets,
    { backoff: quick },
  );
  const events: string[] = [];
  informer.start();
  await informer.whenSynced();
  informer.subscribe(({ type, object }) => events.push(`${type} ${object.metadata.name} ${object.data?.['n']}`));
  isAway = true;
  for (const name of ['gone', 'reborn']) await store.delete(gadgets, { name });
  const second = await store.create(gadgets, gadget('reborn', { n: '2' }));
  for (let n = 0; n < 12; n += 1) await store.patch(gadgets, { name: 'reborn' }, { type: 'merge', body: { data: { n: `2.${n}` } } });
  await expect.poll(() => informer.status.staleSeconds).toBeGreaterThan(0.02);
  isAway = false;
  await expect.poll(() => events).toContain('add reborn 2.11');
  expect(events.filter((event) => event.includes('gone'))).toEqual(['add gone 7', 'delete gone 7']);
  expect(events.filter((event) => event.startsWith('delete reborn'))).toEqual(['delete reborn 1']);
  expect([first.metadata.uid, second.metadata.uid]).not.toContain(undefined);
  expect(informer.status).toMatchObject({ staleSeconds: 0, lists: 2 });
  await informer.close();
  await store.close();
});

test('indexes follow changes', async () => {
  const store = await open();
  const informer = new Informer<Widget>(store, widgets, { indexers: { color: ({ spec }) => (spec?.color ? [spec.color] : []) } }).start();
  const names = (color: string) => informer.by('color', color).map(({ metadata }) => metadata.name);
  const made = await store.create(widgets, widget('a', { spec: { color: 'red' } }));
  await expect.poll(() => names('red')).toEqual(['a']);
  await store.update(widgets, { ...made, spec: { color: 'blue' } });
  await expect.poll(() => names('blue')).toEqual(['a']);
  expect(names('red')).toEqual([]);
  expect(() => informer.by('size', '1')).toThrow(/look into the index 'size'/);
  await informer.close();
  await store.close();
});

test('a process has one informer per kind and selection', async () => {
  const store = await open();
  const informers = new Informers(store);
  expect(informers.of(gadgets)).toBe(informers.of(gadgets));
  expect(informers.of(widgets, { namespace: 'a' })).not.toBe(informers.of(widgets, { namespace: 'b' }));
  expect(informers.status.map(({ kind }) => kind)).toEqual(['Gadget', 'Widget', 'Widget']);
  await informers.close();
  await store.close();
});

test('an informer waits as long as a store asks', async () => {
  const store = await open();
  const times: number[] = [];
  const fails = () => {
    times.push(performance.now());
    return times.length === 1 ? new StoreError('TooManyRequests', 'slow down', { retryAfterSeconds: 1 }) : undefined;
  };
  const informer = new Informer<Gadget>(faulty(store, fails), gadgets, { backoff: quick }).start();
  await informer.whenSynced();
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(990);
  await informer.close();
  await store.close();
});

import { expect, test } from 'vitest';
import type { Store } from '../store.ts';
import { Collector } from './collect.ts';
import { gadget, gadgets, refOf, unique, widget, widgets } from './widget.ts';

export function testWatches(store: () => Store): void {
  test('a watch without a resourceVersion begins with what exists', async () => {
    const run = unique('initial');
    const labelSelector = `run=${run}`;
    await store().create(widgets, widget(`${run}-a`, { metadata: { labels: { run } } }));
    await using watch = new Collector(store(), widgets, { labelSelector });
    await expect.poll(() => watch.lines).toEqual([`ADDED ${run}-a`]);
    await store().create(widgets, widget(`${run}-b`, { metadata: { labels: { run } } }));
    await expect.poll(() => watch.lines).toEqual([`ADDED ${run}-a`, `ADDED ${run}-b`]);
  });

  test('a watch from a list gives each later change once, in order', async () => {
    const run = unique('order');
    const { resourceVersion } = await store().list(gadgets);
    await using watch = new Collector(store(), gadgets, { resourceVersion });
    for (let n = 0; n < 20; n += 1) {
      const made = await store().create(gadgets, gadget(`${run}-${n}`, { n: '0' }));
      await store().update(gadgets, { ...made, data: { n: '1' } });
      await store().delete(gadgets, refOf(made));
    }
    const own = () => watch.lines.filter((line) => line.includes(run));
    await expect.poll(() => own().length).toBe(60);
    const expected = Array.from({ length: 20 }, (_, n) => ['ADDED', 'MODIFIED', 'DELETED'].map((type) => `${type} ${run}-${n}`));
    expect(own()).toEqual(expected.flat());
  });

  test('a watch resumes from an event or a bookmark without a gap', async () => {
    const name = unique('resume');
    const made = await store().create(gadgets, gadget(name, { n: '0' }));
    const fieldSelector = `metadata.name=${name}`;
    const second = await store().update(gadgets, { ...made, data: { n: '1' } });
    await store().update(gadgets, { ...second, data: { n: '2' } });
    await using all = new Collector(store(), gadgets, { fieldSelector, resourceVersion: made.metadata.resourceVersion ?? '' });
    await using rest = new Collector(store(), gadgets, { fieldSelector, resourceVersion: second.metadata.resourceVersion ?? '' });
    await expect.poll(() => [all.lines.length, rest.lines.length]).toEqual([2, 1]);
    expect(rest.events[0]).toMatchObject({ object: { data: { n: '2' } } });
  });

  test('DELETED carries the last state and the resourceVersion of the deletion', async () => {
    const made = await store().create(gadgets, gadget(unique('last'), { n: '7' }));
    await using watch = new Collector(store(), gadgets, {
      resourceVersion: made.metadata.resourceVersion ?? '',
      fieldSelector: `metadata.name=${made.metadata.name}`,
    });
    await store().delete(gadgets, refOf(made));
    await expect.poll(() => watch.lines.length).toBe(1);
    const [event] = watch.events;
    expect(event).toMatchObject({ type: 'DELETED', object: { data: { n: '7' }, metadata: { uid: made.metadata.uid } } });
    expect(event?.type === 'DELETED' && event.object.metadata.resourceVersion).not.toBe(made.metadata.resourceVersion);
  });

  test('an object that leaves the selection is DELETED, one that enters is ADDED', async () => {
    const run = unique('selection');
    const made = await store().create(widgets, widget(run, { metadata: { labels: { run } } }));
    await using watch = new Collector(store(), widgets, {
      labelSelector: `run=${run},on=yes`,
      resourceVersion: made.metadata.resourceVersion ?? '',
    });
    for (const on of ['yes', 'no', 'yes'])
      await store().patch(widgets, refOf(made), { type: 'merge', body: { metadata: { labels: { on } } } });
    await expect.poll(() => watch.lines).toEqual([`ADDED ${run}`, `DELETED ${run}`, `ADDED ${run}`]);
  });

  test('a watch of a namespace sees no other', async () => {
    const run = unique('scope');
    await using watch = new Collector(store(), widgets, { namespace: 'kube-public', labelSelector: `run=${run}` });
    for (const namespace of ['default', 'kube-public'])
      await store().create(widgets, widget(`${run}-${namespace}`, { metadata: { namespace, labels: { run } } }));
    await expect.poll(() => watch.lines).toEqual([`ADDED ${run}-kube-public`]);
  });

  test('a watch with a timeout gives a bookmark and ends in order', async () => {
    const made = await store().create(gadgets, gadget(unique('bookmark')));
    await using watch = new Collector(store(), gadgets, { resourceVersion: made.metadata.resourceVersion ?? '', timeoutSeconds: 6 });
    await store().create(gadgets, gadget(unique('bookmark')));
    expect(await watch.ended).toBeUndefined();
    const bookmark = watch.events.findLast(({ type }) => type === 'BOOKMARK');
    expect(bookmark).toMatchObject({ resourceVersion: expect.stringMatching(/^\d+$/) });
    await using resumed = new Collector(store(), gadgets, {
      resourceVersion: bookmark?.type === 'BOOKMARK' ? bookmark.resourceVersion : '',
    });
    const next = await store().create(gadgets, gadget(unique('bookmark')));
    await expect.poll(() => resumed.lines).toEqual([`ADDED ${next.metadata.name}`]);
  });

  test('abort ends a watch in order', async () => {
    const watch = new Collector(store(), gadgets);
    await watch[Symbol.asyncDispose]();
    expect(await watch.ended).toBeUndefined();
  });
}

import { expect, test } from 'vitest';
import type { Store } from '../store.ts';
import { Collector } from './collect.ts';
import { gadget, gadgets, refOf, unique, widget, widgets } from './widget.ts';

export function testDeletion(store: () => Store): void {
  test('delete removes an object; the next one of its name has another uid', async () => {
    const name = unique('reborn');
    const first = await store().create(gadgets, gadget(name));
    expect(await store().delete(gadgets, { name })).toBeUndefined();
    await expect(store().get(gadgets, { name })).rejects.toMatchObject({ reason: 'NotFound' });
    await expect(store().delete(gadgets, { name })).rejects.toMatchObject({ reason: 'NotFound' });
    const second = await store().create(gadgets, gadget(name));
    expect(second.metadata.uid).not.toBe(first.metadata.uid);
  });

  test('delete with the uid of an earlier object is Conflict', async () => {
    const name = unique('precondition');
    const first = await store().create(gadgets, gadget(name));
    await store().delete(gadgets, { name }, { preconditions: { uid: first.metadata.uid ?? '' } });
    await store().create(gadgets, gadget(name));
    await expect(store().delete(gadgets, { name }, { preconditions: { uid: first.metadata.uid ?? '' } })).rejects.toMatchObject({
      reason: 'Conflict',
    });
  });

  test('delete with a stale resourceVersion is Conflict', async () => {
    const made = await store().create(widgets, widget(unique('precondition'), { spec: { size: 1 } }));
    await store().update(widgets, { ...made, spec: { size: 2 } });
    const preconditions = { resourceVersion: made.metadata.resourceVersion ?? '' };
    await expect(store().delete(widgets, refOf(made), { preconditions })).rejects.toMatchObject({ reason: 'Conflict' });
  });

  test('finalizers keep a deleted object until the last is gone', async () => {
    const finalizers = ['axoneme.io/one', 'axoneme.io/two'];
    const made = await store().create(widgets, widget(unique('final'), { metadata: { finalizers } }));
    await using watch = new Collector(store(), widgets, {
      fieldSelector: `metadata.name=${made.metadata.name}`,
      resourceVersion: made.metadata.resourceVersion ?? '',
    });
    const held = await store().delete(widgets, refOf(made));
    expect(held?.metadata.deletionTimestamp).toMatch(/^\d{4}-/);
    expect((await store().delete(widgets, refOf(made)))?.metadata.deletionTimestamp).toBe(held?.metadata.deletionTimestamp);
    const added = { metadata: { finalizers: [...finalizers, 'axoneme.io/three'] } };
    await expect(store().patch(widgets, refOf(made), { type: 'merge', body: added })).rejects.toMatchObject({ reason: 'Invalid' });
    await store().patch(widgets, refOf(made), { type: 'merge', body: { metadata: { finalizers: ['axoneme.io/two'] } } });
    await store().patch(widgets, refOf(made), { type: 'merge', body: { metadata: { finalizers: null } } });
    await expect(store().get(widgets, refOf(made))).rejects.toMatchObject({ reason: 'NotFound' });
    await expect.poll(() => watch.lines.map((line) => line.split(' ')[0])).toEqual(['MODIFIED', 'MODIFIED', 'DELETED']);
  });
}

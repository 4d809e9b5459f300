import { expect, test } from 'vitest';
import type { Store } from '../store.ts';
import { gadget, gadgets, refOf, unique, type Widget, widget, widgets } from './widget.ts';

export function testWrites(store: () => Store): void {
  test('create sets uid, resourceVersion, generation and creationTimestamp, and drops status', async () => {
    const draft = widget(unique('created'), { spec: { size: 3 }, status: { phase: 'New' } });
    const made = await store().create(widgets, draft);
    expect(made).toMatchObject({ spec: { size: 3 }, metadata: { ...draft.metadata, generation: 1 } });
    expect(made).not.toHaveProperty('status');
    expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(Math.abs(Date.parse(made.metadata.creationTimestamp ?? '') - Date.now())).toBeLessThan(60_000);
    expect(await store().get(widgets, refOf(draft))).toEqual(made);
  });

  test('create of a name that exists is AlreadyExists', async () => {
    const made = await store().create(gadgets, gadget(unique('twice')));
    await expect(store().create(gadgets, gadget(made.metadata.name ?? ''))).rejects.toMatchObject({ reason: 'AlreadyExists', status: 409 });
  });

  test('create with generateName adds five characters', async () => {
    const { name: _, ...metadata } = { ...widget('').metadata, generateName: 'generated-' };
    const made = await store().create(widgets, { ...widget(''), metadata });
    expect(made.metadata.name).toMatch(/^generated-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  test('create with a resourceVersion is BadRequest', async () => {
    const draft = widget(unique('versioned'), { metadata: { resourceVersion: '7' } });
    await expect(store().create(widgets, draft)).rejects.toThrow(/resourceVersion/i);
  });

  test('create of a bad name is Invalid with the field', async () => {
    const error = await store()
      .create(widgets, widget('Not_A_Name'))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: 'Invalid', status: 422, causes: [{ field: 'metadata.name' }] });
  });

  test('create of another kind is refused', async () => {
    const wrong = { ...widget(unique('wrong')), kind: 'Gadget' } as unknown as Widget;
    await expect(store().create(widgets, wrong)).rejects.toMatchObject({ reason: expect.stringMatching(/^(BadRequest|Invalid)$/) });
  });

  test('get of an unknown name is NotFound', async () => {
    await expect(store().get(widgets, { name: unique('absent'), namespace: 'default' })).rejects.toMatchObject({
      reason: 'NotFound',
      status: 404,
    });
  });

  test('update compares the resourceVersion and swaps', async () => {
    const made = await store().create(widgets, widget(unique('swap'), { spec: { size: 1 } }));
    const second = await store().update(widgets, { ...made, spec: { size: 2 } });
    expect(second.metadata).toMatchObject({ generation: 2, uid: made.metadata.uid });
    expect(second.metadata.resourceVersion).not.toBe(made.metadata.resourceVersion);
    await expect(store().update(widgets, { ...made, spec: { size: 3 } })).rejects.toMatchObject({ reason: 'Conflict' });
    expect((await store().get(widgets, refOf(made))).spec).toEqual({ size: 2 });
  });

  test('update without a resourceVersion is Invalid', async () => {
    const made = await store().create(widgets, widget(unique('blind')));
    const { resourceVersion: _, ...metadata } = made.metadata;
    await expect(store().update(widgets, { ...made, metadata })).rejects.toMatchObject({ reason: 'Invalid' });
  });

  test('update that changes nothing writes nothing', async () => {
    const made = await store().create(widgets, widget(unique('same'), { spec: { size: 1 } }));
    expect((await store().update(widgets, made)).metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  });

  test('of a hundred racing increments none is lost', async () => {
    const { metadata } = await store().create(gadgets, gadget(unique('race'), { count: '0' }));
    const increment = async (): Promise<void> => {
      for (;;) {
        const now = await store().get(gadgets, { name: metadata.name ?? '' });
        const next = { ...now, data: { count: String(Number(now.data?.['count']) + 1) } };
        const isDone = await store()
          .update(gadgets, next)
          .then(
            () => true,
            (error) => (error.reason === 'Conflict' ? false : Promise.reject(error)),
          );
        if (isDone) return;
      }
    };
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let n = 0; n < 10; n += 1) await increment();
      }),
    );
    expect((await store().get(gadgets, { name: metadata.name ?? '' })).data).toEqual({ count: '100' });
  });

  test('status and the rest are written apart', async () => {
    const made = await store().create(widgets, widget(unique('status'), { spec: { size: 1 } }));
    const both = { ...made, spec: { size: 2 }, status: { phase: 'Ready' } };
    const withStatus = await store().update(widgets, both, { subresource: 'status' });
    expect(withStatus).toMatchObject({ spec: { size: 1 }, status: { phase: 'Ready' }, metadata: { generation: 1 } });
    const withSpec = await store().update(widgets, { ...withStatus, spec: { size: 2 }, status: { phase: 'Lost' } });
    expect(withSpec).toMatchObject({ spec: { size: 2 }, status: { phase: 'Ready' }, metadata: { generation: 2 } });
  });

  test('merge patch: null deletes, arrays are replaced', async () => {
    const made = await store().create(widgets, widget(unique('merge'), { spec: { size: 1, parts: ['a', 'b'], color: 'red' } }));
    const body = { metadata: { labels: { new: 'yes' } }, spec: { parts: ['c'], color: null } };
    const changed = await store().patch(widgets, refOf(made), { type: 'merge', body });
    expect(changed).toMatchObject({ spec: { size: 1, parts: ['c'] }, metadata: { labels: { new: 'yes' } } });
    expect(changed.spec).not.toHaveProperty('color');
  });

  test('merge patch with a stale resourceVersion is Conflict', async () => {
    const made = await store().create(widgets, widget(unique('stale'), { spec: { size: 1 } }));
    await store().patch(widgets, refOf(made), { type: 'merge', body: { spec: { size: 2 } } });
    const body = { metadata: { resourceVersion: made.metadata.resourceVersion }, spec: { size: 3 } };
    await expect(store().patch(widgets, refOf(made), { type: 'merge', body })).rejects.toMatchObject({ reason: 'Conflict' });
  });

  test('JSON patch applies all operations or none', async () => {
    const made = await store().create(widgets, widget(unique('json'), { spec: { size: 1, parts: ['a'] } }));
    const add = { op: 'add', path: '/spec/parts/-', value: 'b' } as const;
    const changed = await store().patch(widgets, refOf(made), { type: 'json', body: [{ op: 'test', path: '/spec/size', value: 1 }, add] });
    expect(changed.spec?.parts).toEqual(['a', 'b']);
    const failing = store().patch(widgets, refOf(made), { type: 'json', body: [add, { op: 'test', path: '/spec/size', value: 9 }] });
    await expect(failing).rejects.toMatchObject({ reason: 'Invalid' });
    expect((await store().get(widgets, refOf(made))).spec?.parts).toEqual(['a', 'b']);
  });

  test('patch of status changes status only', async () => {
    const made = await store().create(widgets, widget(unique('statuspatch'), { spec: { size: 1 } }));
    const patch = {
      type: 'json',
      body: [
        { op: 'test', path: '/metadata/uid', value: made.metadata.uid },
        { op: 'add', path: '/status', value: { phase: 'Ready' } },
      ],
    } as const;
    const changed = await store().patch(widgets, refOf(made), patch, { subresource: 'status' });
    expect(changed).toMatchObject({ spec: { size: 1 }, status: { phase: 'Ready' } });
  });
}

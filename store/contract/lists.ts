import { expect, test } from 'vitest';
import type { ListOptions, Store } from '../store.ts';
import { gadget, gadgets, refOf, unique, widget, widgets } from './widget.ts';

const names = (items: readonly { readonly metadata: { readonly name?: string } }[]) => items.map(({ metadata }) => metadata.name);

export function testLists(store: () => Store): void {
  test('label selectors select', async () => {
    const run = unique('labels');
    const labels = { a: { run, tier: 'web' }, b: { run, tier: 'db', old: '' }, c: { run } };
    for (const [name, set] of Object.entries(labels))
      await store().create(widgets, widget(`${run}-${name}`, { metadata: { labels: set } }));
    const found = async (selector: string) => {
      const { items } = await store().list(widgets, { labelSelector: `run=${run}${selector}` });
      return names(items)
        .map((name) => name?.at(-1))
        .join('');
    };
    expect(await found('')).toBe('abc');
    expect(await found(',tier=web')).toBe('a');
    expect(await found(',tier!=web')).toBe('bc');
    expect(await found(',tier in (web, db)')).toBe('ab');
    expect(await found(',tier notin (web,db)')).toBe('c');
    expect(await found(',old')).toBe('b');
    expect(await found(',!old,tier')).toBe('a');
  });

  test('field selectors select; one on an unknown field is BadRequest', async () => {
    const run = unique('fields');
    for (const color of ['red', 'blue'])
      await store().create(widgets, widget(`${run}-${color}`, { spec: { color }, metadata: { labels: { run } } }));
    const found = async (fieldSelector: string) =>
      names((await store().list(widgets, { labelSelector: `run=${run}`, fieldSelector })).items);
    expect(await found('spec.color=red')).toEqual([`${run}-red`]);
    expect(await found('spec.color!=red')).toEqual([`${run}-blue`]);
    expect(await found(`metadata.name=${run}-blue,metadata.namespace=default`)).toEqual([`${run}-blue`]);
    await expect(found('spec.size=1')).rejects.toMatchObject({ reason: 'BadRequest' });
  });

  test('a broken label selector is BadRequest', async () => {
    await expect(store().list(widgets, { labelSelector: 'a b c' })).rejects.toMatchObject({ reason: 'BadRequest' });
  });

  test('a list is of one namespace, or of all', async () => {
    const run = unique('namespaces');
    for (const namespace of ['default', 'kube-public'])
      await store().create(widgets, widget(run, { metadata: { namespace, labels: { run } } }));
    const found = async (options: ListOptions) =>
      (await store().list(widgets, { ...options, labelSelector: `run=${run}` })).items.map(({ metadata }) => metadata.namespace);
    expect(await found({})).toEqual(['default', 'kube-public']);
    expect(await found({ namespace: 'kube-public' })).toEqual(['kube-public']);
    await store().delete(widgets, { name: run, namespace: 'default' });
    expect(await found({})).toEqual(['kube-public']);
  });

  test('items carry kind and apiVersion', async () => {
    const made = await store().create(gadgets, gadget(unique('typed')));
    const { items } = await store().list(gadgets, { fieldSelector: `metadata.name=${made.metadata.name}` });
    expect(items).toEqual([made]);
  });

  test('pages show the state of the first page', async () => {
    const run = unique('pages');
    const labelSelector = `run=${run}`;
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await store().create(widgets, widget(`${run}-${name}`, { spec: { size: 1 }, metadata: { labels: { run } } }));
    const first = await store().list(widgets, { labelSelector, limit: 2 });
    await store().delete(widgets, { name: `${run}-d`, namespace: 'default' });
    await store().create(widgets, widget(`${run}-f`, { metadata: { labels: { run } } }));
    await store().patch(widgets, { name: `${run}-e`, namespace: 'default' }, { type: 'merge', body: { spec: { size: 2 } } });
    const second = await store().list(widgets, { labelSelector, limit: 2, continue: first.continue ?? '' });
    const third = await store().list(widgets, { labelSelector, limit: 2, continue: second.continue ?? '' });
    expect(
      [first, second, third].map(({ items }) =>
        names(items)
          .map((name) => name?.at(-1))
          .join(''),
      ),
    ).toEqual(['ab', 'cd', 'e']);
    expect(third.items[0]?.spec?.size).toBe(1);
    expect([second, third].map(({ resourceVersion }) => resourceVersion)).toEqual([first.resourceVersion, first.resourceVersion]);
    expect(third.continue).toBeUndefined();
  });

  test('a continue token of nobody is BadRequest', async () => {
    await expect(store().list(widgets, { limit: 1, continue: 'bm9uc2Vuc2U' })).rejects.toMatchObject({ reason: 'BadRequest' });
  });

  test('objects are frozen', async () => {
    const made = await store().create(widgets, widget(unique('frozen'), { spec: { parts: ['a'] } }));
    const { items } = await store().list(widgets, { fieldSelector: `metadata.name=${made.metadata.name}` });
    for (const object of [made, await store().get(widgets, refOf(made)), items[0]]) expect(Object.isFrozen(object?.spec?.parts)).toBe(true);
  });
}

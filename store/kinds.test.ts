import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CiliumPodIPPool, ciliumPodIPPool } from '../conf/objects/index.ts';
import { resourceOf, validateKinds } from './kinds.ts';
import { openStore } from './open.ts';

const pools = resourceOf(ciliumPodIPPool);
const open = () =>
  openStore({ kind: 'embedded', path: join(mkdtempSync(join(tmpdir(), 'axoneme-kinds-')), 'objects.journal') }, validateKinds);

const pool = (spec: object): CiliumPodIPPool =>
  ({ apiVersion: 'cilium.io/v2alpha1', kind: 'CiliumPodIPPool', metadata: { name: 'vac' }, spec }) as unknown as CiliumPodIPPool;

test('a store refuses an object that breaks its schema, with all problems', async () => {
  const store = await open();
  const error = await store
    .create(pools, pool({ ipv4: { cidrs: ['10.100.0.0/99'], maskSize: 'large' } }))
    .catch((thrown: unknown) => thrown);
  const fields = (error as { causes: { field: string }[] }).causes.map(({ field }) => field).sort();
  expect(error).toMatchObject({ reason: 'Invalid' });
  expect(fields).toEqual(['spec.ipv4.cidrs[0]', 'spec.ipv4.maskSize']);
  await store.close();
});

test('a store refuses a change of an immutable field', async () => {
  const store = await open();
  await store.create(pools, pool({ ipv4: { cidrs: ['10.100.0.0/16'], maskSize: 29 } }));
  const patch = { type: 'merge', body: { spec: { ipv4: { maskSize: 28 } } } } as const;
  await expect(store.patch(pools, { name: 'vac' }, patch)).rejects.toMatchObject({
    reason: 'Invalid',
    causes: [{ field: 'spec.ipv4.maskSize' }],
  });
  await store.close();
});

test('fields that nobody knows stay', async () => {
  const store = await open();
  await store.create(pools, pool({ ipv4: { cidrs: ['10.100.0.0/16'], maskSize: 29 }, newer: { a: 1 } }));
  expect(await store.get(pools, { name: 'vac' })).toMatchObject({ spec: { newer: { a: 1 } } });
  await store.close();
});

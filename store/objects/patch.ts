import { applyPatch } from 'rfc6902';

type Operation = Parameters<typeof applyPatch>[1][number];

import { invalid, StoreError } from '../errors.ts';
import type { KubeObject, Resource } from '../object.ts';
import type { Patch } from '../store.ts';

/** As many operations as Kubernetes takes. */
const MOST_OPERATIONS = 10_000;

/** The object with a patch applied; the object itself stays as it is. */
export function patched(resource: Resource, object: KubeObject, patch: Patch): KubeObject {
  if (patch.type === 'merge') return merged(object, patch.body) as KubeObject;
  if (patch.body.length > MOST_OPERATIONS) {
    throw new StoreError(
      'RequestEntityTooLarge',
      `patch ${resource.plural}: ${patch.body.length} operations, at most ${MOST_OPERATIONS} are allowed`,
    );
  }
  const copy = structuredClone(object);
  const errors = applyPatch(copy, structuredClone(patch.body) as Operation[]);
  const causes = errors.filter((error) => error !== null).map(({ message }) => ({ message }));
  if (causes.length > 0) throw invalid(resource, object.metadata.name ?? '', causes);
  return copy;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 7386. */
function merged(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result = new Map(isRecord(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, merged(result.get(name), value));
  }
  return Object.fromEntries(result);
}

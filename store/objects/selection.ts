import { StoreError } from '../errors.ts';
import type { KubeObject, ObjectRef, Resource } from '../object.ts';
import { matchesFields, matchesLabels, parseFieldSelector, parseLabelSelector } from '../selector.ts';
import type { Selection } from '../store.ts';

/** Says of an object whether a selection holds it; its namespace is left to the prefix. */
export function matcherOf(resource: Resource, { labelSelector = '', fieldSelector = '' }: Selection): (object: KubeObject) => boolean {
  const labels = parseLabelSelector(labelSelector);
  const fields = parseFieldSelector(fieldSelector, ['metadata.name', 'metadata.namespace', ...(resource.selectableFields ?? [])]);
  return (object) => matchesLabels(labels, object.metadata.labels) && matchesFields(fields, object);
}

/** `GROUP/PLURAL/[NAMESPACE/]`. The version is not in it: all versions of a kind are one set of objects. */
export function prefixOf({ group, plural, namespaced }: Resource, namespace?: string): string {
  const kind = `${group === '' ? 'core' : group}/${plural}/`;
  return namespaced && namespace !== undefined ? `${kind}${namespace}/` : kind;
}

/** Throws BadRequest when the reference does not fit the kind. */
export function storageKey(resource: Resource, { namespace, name }: ObjectRef): string {
  if (name === '') throw new StoreError('BadRequest', `${resource.plural}: the name is empty`);
  if (resource.namespaced && !namespace) throw new StoreError('BadRequest', `${resource.plural} "${name}": a namespace is needed`);
  return `${prefixOf(resource, namespace)}${name}`;
}

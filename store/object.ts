import type { KubeObject } from '../conf/objects/meta.ts';

export type { KubeObject, ObjectMeta, OwnerReference } from '../conf/objects/meta.ts';

/** A kind of objects and its place in the API. `T` is the type of its objects. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** empty for the core group */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: T['kind'];
  readonly namespaced: boolean;
  /** whether status is written apart from the rest (Kubernetes' status subresource) */
  readonly hasStatus?: boolean;
  /** fields beside metadata.name and metadata.namespace that a field selector may name, such as `spec.nodeName` */
  readonly selectableFields?: readonly string[];
}

export interface ObjectRef {
  readonly name: string;
  /** of a namespaced kind */
  readonly namespace?: string;
}

export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `NAMESPACE/NAME`, or `NAME` in a kind without namespaces: unique among the objects of a kind. */
export function keyOf({ metadata: { namespace, name = '' } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Freezes an object with all that it holds. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}

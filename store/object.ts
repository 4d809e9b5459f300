/** A reference to the owner of an object: when no object with this uid exists any more, a collector may delete the dependent. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Kubernetes' ObjectMeta. The store sets uid, resourceVersion, generation and the timestamps; times are RFC 3339 in seconds. */
export interface ObjectMeta {
  readonly name?: string;
  /** with no name: a prefix to which the store adds five characters */
  readonly generateName?: string;
  readonly namespace?: string;
  /** of this very object: another object of the same name has another uid */
  readonly uid?: string;
  /** opaque: compare it for equality only */
  readonly resourceVersion?: string;
  /** rises with each change outside of metadata and status */
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
}

/** What every object has; a kind adds spec, status, or fields of its own. Objects that a store returns are frozen. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

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

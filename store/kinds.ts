import { checkObject } from '../conf/objects/check.ts';
import { formatPath } from '../conf/objects/error.ts';
import { immutableProblems, type Kind, kindOf, type ObjectOf } from '../conf/objects/index.ts';
import type { KubeObject, Resource } from './object.ts';
import type { Validate } from './objects/metadata.ts';

/** A kind of conf/objects as a store takes it, with the type of its objects. */
export function resourceOf<K extends Kind>(kind: K): Resource<ObjectOf<K> & KubeObject> {
  return kind as unknown as Resource<ObjectOf<K> & KubeObject>;
}

/** Holds objects of known kinds to their schemas, as an API server does with its definitions. Unknown fields pass. */
export const validateKinds: Validate = (resource, object, before) => {
  const kind = kindOf(object.apiVersion, resource.kind);
  if (kind === undefined) return [];
  const problems = [...checkObject(kind, object, { refusesUnknown: false }), ...(before ? immutableProblems(kind, before, object) : [])];
  return problems.map(({ path, reason }) => ({ reason: 'FieldValueInvalid', field: formatPath(path), message: reason }));
};

import * as z from 'zod/mini';

type Tree = { [key: string]: unknown };

/**
 * The schema as a structural schema of apiextensions.k8s.io/v1: every node has a type, and what JSON Schema says beyond it is left out
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
 */
export function structuralSchema(schema: z.core.$ZodType): Tree {
  return clean(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }) as Tree);
}

/** Keywords that a structural schema cannot have, or that the API server implies. */
const DROPPED = ['$schema', 'propertyNames', 'id', '~standard'];

function clean(node: Tree): Tree {
  const kept = Object.entries(node).filter(([key]) => !DROPPED.includes(key));
  const result = Object.fromEntries(kept.map(([key, value]) => [key, cleanKeyword(key, value)]));
  if (result['type'] === 'integer') dropExtremes(result);
  if (result['x-kubernetes-int-or-string'] === true) result['anyOf'] = [{ type: 'integer' }, { type: 'string' }];
  if (result['x-kubernetes-preserve-unknown-fields'] === true) delete result['additionalProperties'];
  return result;
}

function cleanKeyword(key: string, value: unknown): unknown {
  if (key === 'properties') return Object.fromEntries(Object.entries(value as Tree).map(([name, inner]) => [name, clean(inner as Tree)]));
  return key === 'items' || key === 'additionalProperties' ? clean(value as Tree) : value;
}

/** zod bounds every integer by what a number of JavaScript holds; Kubernetes has 64 bits. */
function dropExtremes(node: Tree): void {
  const { minimum, maximum } = node;
  if (minimum === Number.MIN_SAFE_INTEGER) delete node['minimum'];
  if (maximum === Number.MAX_SAFE_INTEGER) delete node['maximum'];
  node['format'] = typeof maximum === 'number' && maximum <= 0x7fffffff ? 'int32' : 'int64';
}

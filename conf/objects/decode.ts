import { checkObject, type FoundProblem } from './check.ts';
import { formatPath, ObjectError, type ObjectProblem } from './error.ts';
import { apiVersionOf, type Kind, type ObjectOf } from './kind.ts';
import { displayName, type KubeObject } from './meta.ts';
import { explainUnknownKind, kindOf } from './registry.ts';
import { isTree, normalise } from './schema/walk.ts';

/** Where a value came from, and how strict to be. */
export interface DecodeOptions {
  /** Named in errors; `object` when absent. */
  readonly source?: string;
  /** `refuse` for what people write, `keep` for what a store or an API server returns, which a newer version may have written. */
  readonly unknownFields: 'refuse' | 'keep';
  readonly lineOf?: (path: readonly (string | number)[]) => number;
}

/**
 * Any object of a known kind: nulls of known fields are dropped, defaults filled in, everything checked.
 * The result shares what did not change with `value`.
 * @throws ObjectError with every problem
 */
export function decodeObject(value: unknown, options: DecodeOptions): KubeObject {
  const { object, problems } = inspect(value, options);
  const [first, ...others] = problems;
  if (first) throw new ObjectError(options.source ?? 'object', [first, ...others]);
  return object as KubeObject;
}

/**
 * An object of one kind, as `decodeObject` returns it. `apiVersion` and `kind` may be missing, as they are in lists of the API server.
 * @throws ObjectError with every problem; one of another kind is a problem too
 */
export function decodeAs<K extends Kind>(kind: K, value: unknown, options: DecodeOptions): ObjectOf<K> {
  const named = isTree(value) && value['kind'] === undefined ? { apiVersion: apiVersionOf(kind), kind: kind.kind, ...value } : value;
  const object = decodeObject(named, options);
  if (object.kind === kind.kind) return object as ObjectOf<K>;
  throw new ObjectError(options.source ?? 'object', [{ path: 'kind', reason: `expected ${kind.kind}, got ${object.kind}` }]);
}

/** The object as `decodeObject` would return it, and all that is wrong with it. */
export function inspect(value: unknown, options: DecodeOptions): { readonly object: unknown; readonly problems: readonly ObjectProblem[] } {
  const named = name(value);
  if ('problem' in named) return { object: value, problems: [placed(named.problem, value, options)] };
  const { kind } = named;
  const filled = normalise(kind.schema, value);
  const object = kind.complete && isTree(filled) ? kind.complete(filled) : filled;
  const found = checkObject(kind, object, { refusesUnknown: options.unknownFields === 'refuse' });
  return { object, problems: found.map((problem) => placed(problem, value, options)) };
}

function name(value: unknown): { readonly kind: Kind } | { readonly problem: FoundProblem } {
  if (!isTree(value)) return { problem: { path: [], reason: 'expected an object with apiVersion, kind and metadata' } };
  const { apiVersion, kind } = value;
  if (typeof kind !== 'string' || kind === '') return { problem: { path: ['kind'], reason: 'required field is missing' } };
  if (typeof apiVersion !== 'string') return { problem: { path: ['apiVersion'], reason: 'required field is missing' } };
  const known = kindOf(apiVersion, kind);
  if (known) return { kind: known };
  const { field, reason } = explainUnknownKind(apiVersion, kind);
  return { problem: { path: [field], reason } };
}

function placed({ path, reason }: FoundProblem, value: unknown, { lineOf }: DecodeOptions): ObjectProblem {
  const kind = isTree(value) && typeof value['kind'] === 'string' ? value['kind'] : '';
  const object = `${kind} ${displayName(value)}`.trim();
  return { path: formatPath(path), reason, ...(object === '' ? {} : { object }), ...(lineOf ? { line: lineOf(path) } : {}) };
}

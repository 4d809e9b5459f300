import type * as z from 'zod/mini';
import { nearest } from '../config/nearest.ts';
import { formatPath } from './error.ts';
import type { Kind } from './kind.ts';
import { type FieldPath, isTree, unknownFields } from './schema/walk.ts';

/** A problem before it has its place in a file. */
export interface FoundProblem {
  readonly path: FieldPath;
  readonly reason: string;
}

/**
 * Everything that is wrong with an object of the kind, in the order of the schema. Unknown fields are wrong in kinds of cilium.io only, and only
 * when asked for: a store may hold objects that a newer version wrote.
 */
export function checkObject(kind: Kind, object: unknown, { refusesUnknown }: { readonly refusesUnknown: boolean }): FoundProblem[] {
  const result = kind.schema['~standard'].validate(object);
  if (result instanceof Promise) throw new TypeError(`check ${kind.kind}: its schema is asynchronous`);
  const issues = (result.issues ?? []) as readonly z.core.$ZodIssue[];
  const found = [...issues.map((issue) => problemOf(issue, object)), ...checkScope(kind, object)];
  return refusesUnknown && kind.group === 'cilium.io' ? [...found, ...unknownProblems(kind, object)] : found;
}

function problemOf(issue: z.core.$ZodIssue, object: unknown): FoundProblem {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  return {
    path,
    reason: issue.code === 'custom' && issue.params?.['isRule'] === true ? issue.message : describe(issue.message, object, path),
  };
}

function describe(message: string, object: unknown, path: FieldPath): string {
  const value = path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined), object);
  if (value === undefined) return 'required field is missing';
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  const hint = isScalar && /^expected (a )?(text|port from 0|name|label)/.test(message) ? ` (write "${String(value)}")` : '';
  return `${message}, got ${show(value)}${hint}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The name's form, and a namespace where there is one. */
function checkScope({ name: form, namespaced, kind }: Kind, object: unknown): FoundProblem[] {
  const meta = isTree(object) && isTree(object['metadata']) ? object['metadata'] : undefined;
  if (!meta) return [];
  const { name, generateName, namespace } = meta;
  const found: FoundProblem[] = [];
  if (name === undefined && generateName === undefined) found.push({ path: ['metadata', 'name'], reason: 'required field is missing' });
  if (typeof name === 'string' && name !== '' && !form.matches(name)) {
    found.push({ path: ['metadata', 'name'], reason: `expected ${form.what}, at most ${form.maxLength} characters, got ${show(name)}` });
  }
  if (!namespaced && namespace !== undefined) found.push({ path: ['metadata', 'namespace'], reason: `a ${kind} has no namespace` });
  return found;
}

function unknownProblems(kind: Kind, object: unknown): FoundProblem[] {
  return unknownFields(kind.schema, object).map(({ path, known }) => {
    const guess = nearest(String(path.at(-1)), known);
    const meant = guess === undefined ? '' : `; did you mean ${formatPath([...path.slice(0, -1), guess])}?`;
    return { path, reason: `unknown field${meant}` };
  });
}

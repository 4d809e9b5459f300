import * as z from 'zod/mini';
import type { Syntax } from '../../model/syntax.ts';
import { pattern } from './go-pattern.ts';

/**
 * The fields that schemas of objects are made of. Each says in words what it expects, and carries what the CRD needs beyond JSON Schema.
 * A schema checks and changes nothing: `normalise` drops nulls and fills in defaults.
 */
export const optional = z.exactOptional;

/** Keys and values. Keys that the schema does not name stay in the object; `unknownFields` finds them. */
export const section = <const T extends z.core.$ZodLooseShape>(shape: T) => z.object(shape, { error: 'expected keys and values' });

/** Any text, of a length if given. */
export function text({ min = 0, max }: { readonly min?: number; readonly max?: number } = {}) {
  const error =
    max === undefined ? `expected ${min > 0 ? 'a text that is not empty' : 'text'}` : `expected text of ${min} to ${max} characters`;
  const checks = [...(min > 0 ? [z.minLength(min, { error })] : []), ...(max === undefined ? [] : [z.maxLength(max, { error })])];
  return z.string({ error }).check(...checks);
}

/** Text of a certain form. */
export function word({ what, matches, pattern: source, maxLength }: Syntax) {
  const error = `expected ${what}, at most ${maxLength} characters`;
  return z.string({ error }).check(z.refine(matches, { error }), z.meta({ pattern: source, maxLength }));
}

/** Text that a function judges; `keywords` is as much of it as a JSON Schema can say. */
export function judged(what: string, matches: (value: string) => boolean, keywords: Readonly<Record<string, unknown>> = {}) {
  const error = `expected ${what}`;
  return z.string({ error }).check(z.refine(matches, { error }), z.meta(keywords));
}

/** A regular expression of RE2, as far as JavaScript has it. */
export const regex = () => judged('a regular expression', (value) => pattern(value) !== undefined);

export function integer(minimum: number, maximum: number, what = 'a whole number') {
  const error = `expected ${what} from ${minimum} to ${maximum}`;
  return z.int({ error }).check(z.gte(minimum, { error }), z.lte(maximum, { error }));
}

/** A whole number that JavaScript holds exactly, not negative. */
export const count = () => z.int({ error: 'expected a whole number' }).check(z.gte(0, { error: 'expected a whole number from 0' }));

export const flag = () => z.boolean({ error: 'expected true or false' });

export function choice<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, { error: `expected ${values.join(', ')}`.replace(/, ([^,]+)$/, ' or $1') });
}

export function list<const T extends z.core.$ZodType>(item: T, { min = 0, max }: { readonly min?: number; readonly max?: number } = {}) {
  const checks = [
    ...(min > 0 ? [z.minLength(min, { error: `expected at least ${min} ${min === 1 ? 'entry' : 'entries'}` })] : []),
    ...(max === undefined ? [] : [z.maxLength(max, { error: `expected at most ${max} entries` })]),
  ];
  return z.array(item, { error: 'expected a list' }).check(...checks);
}

/** Values by name. */
export const mapOf = <const T extends z.core.$ZodType>(value: T) => z.record(z.string(), value, { error: 'expected keys and values' });

/** Text by name. */
export const texts = () => mapOf(text());

/** Keys and values of another program's: kept as they are, and not pruned by the API server. */
export const opaque = () => mapOf(z.unknown()).check(z.meta({ 'x-kubernetes-preserve-unknown-fields': true }));

/** A port number, or the name of a port; a number in quotes counts as a name, as in Kubernetes. */
export const intOrString = () =>
  z
    .union([z.int(), z.string()], { error: 'expected a port number or the name of a port' })
    .check(z.meta({ 'x-kubernetes-int-or-string': true }));

/** RFC 3339, as Kubernetes writes times: whole seconds, and microseconds in Leases. */
export const time = () => judged('a time such as 2026-01-31T12:00:00Z', isTime, { format: 'date-time' });

function isTime(value: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(value) && !Number.isNaN(Date.parse(value));
}

/** Adds the sentence that `kubectl explain` shows. */
export function described<T extends z.core.$ZodType>(description: string, schema: T): T {
  z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), description });
  return schema;
}

/** Makes a value that is read only, to the bottom: objects are shared between all who watch a kind. */
export type Wire<T> = T extends readonly (infer E)[] ? readonly Wire<E>[] : T extends object ? { readonly [K in keyof T]: Wire<T[K]> } : T;

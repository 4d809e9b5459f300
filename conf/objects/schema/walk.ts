import type * as z from 'zod/mini';

type Tree = Readonly<Record<string, unknown>>;
type Schema = z.core.$ZodType;

/** A place in an object: names of fields and indexes of lists. */
export type FieldPath = readonly (string | number)[];

/** A field that the schema does not name. */
export interface UnknownField {
  readonly path: FieldPath;
  /** The names that the schema has in its place. */
  readonly known: readonly string[];
}

/** What a walk needs to know of a schema, read once: objects come by the thousand. */
interface Shape {
  /** Fields by name, where the schema names them. */
  readonly fields?: ReadonlyMap<string, Shape>;
  /** Fields that have a value when they are absent. */
  readonly defaults?: readonly (readonly [string, unknown])[];
  /** Of the entries of a list or a map, where they have fields. */
  readonly entry?: Shape;
}

const LEAF: Shape = {};
const shapes = new WeakMap<Schema, Shape>();

function shapeOf(schema: Schema): Shape {
  const known = shapes.get(schema);
  if (known) return known;
  const shape = readShape(schema);
  shapes.set(schema, shape);
  return shape;
}

function readShape(schema: Schema): Shape {
  const entry = entryOf(schema);
  if (entry) return shapeOf(entry) === LEAF ? LEAF : { entry: shapeOf(entry) };
  const fields = Object.entries(fieldsOf(schema) ?? {});
  if (!fieldsOf(schema)) return LEAF;
  const defaults = fields.flatMap(([name, field]) => (isDefault(field) ? [[name, field._zod.def.defaultValue] as const] : []));
  return { fields: new Map(fields.map(([name, field]) => [name, shapeOf(field)])), defaults };
}

function isDefault(schema: Schema): schema is z.core.$ZodDefault {
  return schema._zod.def.type === 'default';
}

/** The schema below optional fields and defaults. Reads `def`, which zod publishes for this (https://zod.dev/packages/core). */
function bare(schema: Schema): z.core.$ZodTypes {
  const typed = schema as z.core.$ZodTypes;
  const { def } = typed._zod;
  return def.type === 'optional' || def.type === 'default' ? bare(def.innerType) : typed;
}

/** Named fields of a schema; undefined where it names none. */
export function fieldsOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  const { def } = bare(schema)._zod;
  return def.type === 'object' ? (def.shape as Record<string, Schema>) : undefined;
}

function entryOf(schema: Schema): Schema | undefined {
  const { def } = bare(schema)._zod;
  if (def.type === 'array') return def.element;
  return def.type === 'record' ? def.valueType : undefined;
}

/** Every field of the value that the schema does not name, from the top down. What stands below an unknown field is not looked at. */
export function unknownFields(schema: Schema, value: unknown): UnknownField[] {
  const found: UnknownField[] = [];
  collectUnknown(shapeOf(schema), value, [], found);
  return found;
}

/** @param path the path of the value; changed on the way, and as before afterwards */
function collectUnknown(shape: Shape, value: unknown, path: (string | number)[], found: UnknownField[]): void {
  if (shape === LEAF || typeof value !== 'object' || value === null || (shape.fields && Array.isArray(value))) return;
  for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
    const inner = shape.fields ? shape.fields.get(String(key)) : shape.entry;
    path.push(key);
    if (inner) collectUnknown(inner, (value as Record<string | number, unknown>)[key], path, found);
    else if (shape.fields) found.push({ path: [...path], known: [...shape.fields.keys()] });
    path.pop();
  }
}

/**
 * The value with nulls of known fields dropped and with defaults filled in, as the API server does. Only parents of a change are copied; unknown
 * fields and the order of keys stay.
 */
export function normalise(schema: Schema, value: unknown): unknown {
  return normaliseBy(shapeOf(schema), value);
}

function normaliseBy(shape: Shape, value: unknown): unknown {
  if (shape === LEAF || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return shape.entry ? replaceEntries(value, shape.entry) : value;
  return fillDefaults(shape, replaceValues(shape, value as Tree));
}

function replaceEntries(list: readonly unknown[], entry: Shape): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (const [index, before] of list.entries()) {
    const after = normaliseBy(entry, before);
    if (after === before) continue;
    copy ??= [...list];
    copy[index] = after;
  }
  return copy ?? list;
}

function replaceValues(shape: Shape, tree: Tree): Tree {
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(tree)) {
    const inner = shape.fields ? shape.fields.get(key) : shape.entry;
    const before = tree[key];
    if (!inner || (before !== null && (inner === LEAF || typeof before !== 'object'))) continue;
    const after = before === null && shape.fields ? undefined : normaliseBy(inner, before);
    if (after === before) continue;
    copy ??= { ...tree };
    if (after === undefined) delete copy[key];
    else copy[key] = after;
  }
  return copy ?? tree;
}

function fillDefaults({ defaults = [] }: Shape, tree: Tree): Tree {
  const missing = defaults.filter(([key]) => tree[key] === undefined);
  return missing.length === 0 ? tree : { ...tree, ...Object.fromEntries(missing) };
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import * as z from 'zod/mini';

/**
 * The names that may stand below a path of the schema; empty where any name may stand (pools) or none (values).
 * Walks `def`, which zod publishes for exactly this (https://zod.dev/packages/core).
 */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const at = resolve(schema, path);
  return at && 'shape' in at._zod.def ? Object.keys((at._zod.def as z.core.$ZodObjectDef).shape) : [];
}

function resolve(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  if (schema instanceof z.core.$ZodOptional) return resolve(schema._zod.def.innerType, path);
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  if (schema instanceof z.core.$ZodRecord) return resolve(schema._zod.def.valueType, rest);
  const inner = schema instanceof z.core.$ZodObject ? schema._zod.def.shape[String(key)] : undefined;
  return inner && resolve(inner, rest);
}

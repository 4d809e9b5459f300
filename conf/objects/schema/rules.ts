import * as z from 'zod/mini';

type Fields = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

/** Reports a problem below the value that is looked at. */
export type Report = (path: Path, reason: string) => void;

/**
 * A rule about several fields. It runs even when fields below are ill-typed, so that all problems are found at once: it must look before it reads.
 * The rule is not called for anything but keys and values.
 */
export function rule(look: (fields: Fields, report: Report) => void): z.core.$ZodCheck<Fields> {
  return z.core._check<Fields>(
    ({ value, issues }) => {
      if (!isFields(value)) return;
      look(value, (path, message) => issues.push({ code: 'custom', input: value, path: [...path], message, params: { isRule: true } }));
    },
    { when: () => true },
  );
}

/** Exactly one of the fields is there. */
export function exactlyOne(...names: readonly string[]): z.core.$ZodCheck<Fields>[] {
  const look = rule((fields, report) => {
    const there = present(fields, names);
    if (there.length !== 1) report([], `expected exactly one of ${names.join(', ')}, got ${there.join(' and ') || 'none'}`);
  });
  return [look, z.meta({ oneOf: names.map((name) => ({ required: [name] })) })];
}

/** At most one of the fields is there. */
export function atMostOne(...names: readonly string[]): z.core.$ZodCheck<Fields> {
  return rule((fields, report) => {
    const there = present(fields, names);
    if (there.length > 1) report([], `expected at most one of ${names.join(', ')}, got ${there.join(' and ')}`);
  });
}

/** One of the fields at least is there. As CEL: a definition with a status cannot say anyOf at its root. */
export function atLeastOne(...names: readonly string[]): z.core.$ZodCheck<Fields>[] {
  const look = rule((fields, report) => {
    if (present(fields, names).length === 0) report([], `expected ${names.join(' or ')}, got neither`);
  });
  const expression = names.map((name) => `has(self.${name})`).join(' || ');
  return [look, z.meta({ 'x-kubernetes-validations': [{ rule: expression, message: `expected ${names.join(' or ')}` }] })];
}

const IMMUTABLE = { rule: 'self == oldSelf', message: 'cannot be changed' };

/** Marks a field that keeps the value with which it was created; `immutableFields` finds the mark. */
export function immutable<T extends z.core.$ZodType>(schema: T): T {
  z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), 'x-kubernetes-validations': [IMMUTABLE] });
  return schema;
}

export function isImmutable(schema: z.core.$ZodType): boolean {
  const rules: unknown = z.globalRegistry.get(schema)?.['x-kubernetes-validations'];
  return Array.isArray(rules) && rules.includes(IMMUTABLE);
}

function present(fields: Fields, names: readonly string[]): string[] {
  return names.filter((name) => fields[name] !== undefined && fields[name] !== null);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { valuesAt } from '../columns/json-path.ts';
import { ciliumKinds } from '../registry.ts';
import { definitionFile, definitionOf } from './definition.ts';
import { definitionFileName, definitionFolder } from './write.ts';

type Tree = Record<string, unknown>;

describe('conf/kubernetes/crds', () => {
  it.each(ciliumKinds.map((kind) => [definitionFileName(kind), kind] as const))(
    '%s is what the schema says (else: node conf/objects/crd/write.ts)',
    (name, kind) => {
      expect(readFileSync(join(definitionFolder, name), 'utf8')).toBe(definitionFile(kind));
    },
  );

  it('has no file of a kind that is gone', () => {
    expect(readdirSync(definitionFolder).sort()).toEqual(ciliumKinds.map(definitionFileName).sort());
  });
});

describe('a definition', () => {
  const schemas = ciliumKinds.flatMap((kind) =>
    definitionOf(kind).spec.versions.map(({ name, schema }) => [`${kind.kind} ${name}`, schema.openAPIV3Schema as Tree] as const),
  );

  it.each(schemas)('of %s says nothing at its root that a status forbids', (_, schema) => {
    expect(Object.keys(schema).filter((key) => !['type', 'properties', 'required', 'x-kubernetes-validations'].includes(key))).toEqual([]);
  });

  it.each(schemas)('of %s is structural', (_, schema) => {
    expect(faultsOf(schema, '')).toEqual([]);
  });

  it.each(ciliumKinds.map((kind) => [kind.kind, kind] as const))('of %s stores exactly one version', (_, kind) => {
    expect(definitionOf(kind).spec.versions.filter(({ storage }) => storage)).toHaveLength(1);
  });

  it.each(ciliumKinds.map((kind) => [kind.kind, kind] as const))('of %s has columns that can be read', (_, kind) => {
    for (const { jsonPath } of kind.columns) expect(valuesAt(jsonPath ?? '', {})).toEqual([]);
  });

  it('says what cannot be changed', () => {
    const pool = ciliumKinds.find(({ kind }) => kind === 'CiliumPodIPPool');
    const [maskSize] = pool
      ? valuesAt('.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.ipv4.properties.maskSize', definitionOf(pool))
      : [];
    expect(maskSize).toMatchObject({ minimum: 1, maximum: 32, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] });
  });
});

/** What the API server would refuse a schema for: the rules of structural schemas. */
function faultsOf(node: Tree, path: string): string[] {
  const { type, properties, additionalProperties, items } = node;
  const fault = (reason: string) => [`${path || '.'}: ${reason}`];
  const inner = [
    ...Object.entries((properties ?? {}) as Tree).flatMap(([name, value]) => faultsOf(value as Tree, `${path}.${name}`)),
    ...(items === undefined ? [] : faultsOf(items as Tree, `${path}[]`)),
    ...(additionalProperties === undefined ? [] : faultsOf(additionalProperties as Tree, `${path}{}`)),
  ];
  return [
    ...(type === undefined && node['x-kubernetes-int-or-string'] !== true ? fault('has no type') : []),
    ...(type === 'array' && items === undefined ? fault('is a list without items') : []),
    ...(properties !== undefined && additionalProperties !== undefined ? fault('has properties and additionalProperties') : []),
    ...Object.keys(node)
      .filter((key) => !ALLOWED.has(key))
      .flatMap((key) => fault(`has ${key}`)),
    ...['anyOf', 'oneOf'].flatMap((key) => ((node[key] ?? []) as Tree[]).flatMap((part) => partFaults(part, node, `${path}.${key}`))),
    ...inner,
  ];
}

/** Parts of anyOf and oneOf may say only what validates: required fields, or the two types of int-or-string. */
function partFaults(part: Tree, node: Tree, path: string): string[] {
  const allowed = node['x-kubernetes-int-or-string'] === true ? ['type'] : ['required'];
  return Object.keys(part)
    .filter((key) => !allowed.includes(key))
    .map((key) => `${path}: has ${key}`);
}

const ALLOWED = new Set(
  `type properties additionalProperties items required description default enum format pattern minimum maximum minLength maxLength minItems maxItems
  anyOf oneOf x-kubernetes-int-or-string x-kubernetes-preserve-unknown-fields x-kubernetes-validations x-kubernetes-list-type x-kubernetes-list-map-keys`
    .trim()
    .split(/\s+/),
);

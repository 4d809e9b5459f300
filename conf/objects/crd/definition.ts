import { printYaml } from '../../yaml/print.ts';
import type { Column } from '../columns/column.ts';
import { apiVersionOf, type Kind, type OlderVersion } from '../kind.ts';
import { structuralSchema } from './structural.ts';

/**
 * Version of the definitions, in a label of each. Raise it with every change of a schema: who installs definitions replaces those of a lower
 * version only.
 */
export const CRD_SCHEMA_VERSION = '1.0.0';
export const CRD_VERSION_LABEL = 'axoneme.io/crd-schema-version';

/** The CustomResourceDefinition of a kind of cilium.io (apiextensions.k8s.io/v1). */
export function definitionOf(kind: Kind) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${kind.group}`, labels: { [CRD_VERSION_LABEL]: CRD_SCHEMA_VERSION } },
    spec: {
      group: kind.group,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
        ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
      },
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      versions: [{ name: kind.version }, ...(kind.olderVersions ?? [])].map((version) => versionOf(kind, version)),
    },
  };
}

/** The definition as the text of its file. */
export function definitionFile(kind: Kind): string {
  return `# Generated from conf/objects: node conf/objects/crd/write.ts\n${printYaml(definitionOf(kind))}`;
}

function versionOf(kind: Kind, { name, deprecation }: Pick<OlderVersion, 'name'> & Partial<OlderVersion>) {
  const columns = kind.columns.flatMap(columnOf);
  return {
    name,
    served: true,
    storage: name === kind.version,
    ...(deprecation === undefined ? {} : { deprecated: true, deprecationWarning: deprecation }),
    ...(columns.length === 0 ? {} : { additionalPrinterColumns: columns }),
    ...(kind.hasStatus ? { subresources: { status: {} } } : {}),
    schema: { openAPIV3Schema: schemaOf(kind, name) },
  };
}

/** The API server checks apiVersion, kind and metadata itself, and lets a definition say no more of metadata than its type. */
function schemaOf(kind: Kind, version: string) {
  const schema = structuralSchema(kind.schema);
  const properties = {
    ...(schema['properties'] as Record<string, unknown>),
    apiVersion: { type: 'string', description: apiVersionOf({ group: kind.group, version }) },
    kind: { type: 'string' },
    metadata: { type: 'object' },
  };
  const required = (schema['required'] as string[] | undefined)?.filter((name) => !['apiVersion', 'kind'].includes(name));
  return { ...schema, properties, ...(required === undefined ? {} : { required }) };
}

function columnOf({ name, type, isWide, jsonPath }: Column) {
  return jsonPath === undefined ? [] : [{ name, type, jsonPath, ...(isWide === true ? { priority: 1 } : {}) }];
}

import { dnsSubdomain, type Syntax } from '../../model/syntax.ts';
import { ageColumn } from '../columns/column.ts';
import type { Kind, ObjectOf } from '../kind.ts';
import { typeMeta } from '../meta.ts';
import { described, optional, section, texts } from '../schema/fields.ts';

/** Cluster identities are numbers of 24 bits at most: what the tunnel carries. */
const number: Syntax = {
  ...dnsSubdomain,
  what: 'the number of an identity, 1 to 16777215',
  matches: (text) => /^[1-9][0-9]{0,7}$/.test(text) && Number(text) <= 0xffffff,
};

const schema = section({
  ...typeMeta(['cilium.io/v2'], 'CiliumIdentity'),
  'security-labels': described('Labels of the identity by key with source: {"k8s:app": "web"}.', texts()),
  status: optional(section({})),
});

/** An identity that nodes agree on. Its name is its number in decimal. */
export const ciliumIdentity: Kind<typeof schema> = {
  group: 'cilium.io',
  kind: 'CiliumIdentity',
  plural: 'ciliumidentities',
  singular: 'ciliumidentity',
  shortNames: ['ciliumid'],
  categories: ['cilium'],
  version: 'v2',
  namespaced: false,
  hasStatus: true,
  name: number,
  schema,
  columns: [{ name: 'Namespace', type: 'string', jsonPath: '.metadata.labels.io\\.kubernetes\\.pod\\.namespace' }, ageColumn],
  selectableFields: [],
};

export type CiliumIdentity = ObjectOf<typeof ciliumIdentity>;

import { dnsSubdomain } from '../../model/syntax.ts';
import { prefix } from '../addresses.ts';
import { ageColumn } from '../columns/column.ts';
import type { Kind, ObjectOf } from '../kind.ts';
import { typeMeta } from '../meta.ts';
import { described, list, section } from '../schema/fields.ts';

const schema = section({
  ...typeMeta(['cilium.io/v2', 'cilium.io/v2alpha1'], 'CiliumCIDRGroup'),
  spec: section({ externalCIDRs: described('Networks of the group; may be empty.', list(prefix())) }),
});

export const ciliumCIDRGroup: Kind<typeof schema> = {
  group: 'cilium.io',
  kind: 'CiliumCIDRGroup',
  plural: 'ciliumcidrgroups',
  singular: 'ciliumcidrgroup',
  shortNames: ['ccg'],
  categories: ['cilium'],
  version: 'v2',
  olderVersions: [{ name: 'v2alpha1', deprecation: 'cilium.io/v2alpha1 CiliumCIDRGroup is deprecated; use cilium.io/v2' }],
  namespaced: false,
  hasStatus: false,
  name: dnsSubdomain,
  schema,
  columns: [ageColumn],
  selectableFields: [],
};

export type CiliumCIDRGroup = ObjectOf<typeof ciliumCIDRGroup>;

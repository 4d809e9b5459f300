import { dnsLabel } from '../../model/syntax.ts';
import { ageColumn } from '../columns/column.ts';
import type { Kind, ObjectOf } from '../kind.ts';
import { coreConditions, typeMeta } from '../meta.ts';
import { list, optional, section, text } from '../schema/fields.ts';

const schema = section({
  ...typeMeta(['v1'], 'Namespace'),
  spec: optional(section({ finalizers: optional(list(text())) })),
  status: optional(section({ phase: optional(text()), conditions: optional(coreConditions()) })),
});

export const namespace: Kind<typeof schema> = {
  group: '',
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  categories: [],
  version: 'v1',
  namespaced: false,
  hasStatus: true,
  name: dnsLabel,
  schema,
  columns: [{ name: 'Status', type: 'string', jsonPath: '.status.phase' }, ageColumn],
  selectableFields: ['status.phase'],
};

export type Namespace = ObjectOf<typeof namespace>;

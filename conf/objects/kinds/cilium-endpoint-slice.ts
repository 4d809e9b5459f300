import { dnsSubdomain } from '../../model/syntax.ts';
import { ageColumn } from '../columns/column.ts';
import type { Kind, ObjectOf } from '../kind.ts';
import { typeMeta } from '../meta.ts';
import { count, described, list, optional, section, text } from '../schema/fields.ts';
import { encryption, namedPorts, networking } from './endpoint-networking.ts';

const endpoint = section({
  name: optional(text()),
  id: optional(described('Security identity.', count())),
  networking: optional(networking()),
  encryption: optional(encryption()),
  'named-ports': optional(namedPorts()),
  'pod-uid': optional(text()),
  'service-account': optional(text()),
});

const schema = section({
  ...typeMeta(['cilium.io/v2alpha1'], 'CiliumEndpointSlice'),
  namespace: optional(described('Namespace of all endpoints in the slice.', text())),
  endpoints: list(endpoint),
});

export const ciliumEndpointSlice: Kind<typeof schema> = {
  group: 'cilium.io',
  kind: 'CiliumEndpointSlice',
  plural: 'ciliumendpointslices',
  singular: 'ciliumendpointslice',
  shortNames: ['ces'],
  categories: ['cilium'],
  version: 'v2alpha1',
  namespaced: false,
  hasStatus: false,
  name: dnsSubdomain,
  schema,
  columns: [ageColumn],
  selectableFields: [],
};

export type CiliumEndpointSlice = ObjectOf<typeof ciliumEndpointSlice>;

import { dnsSubdomain } from '../../model/syntax.ts';
import { ageColumn } from '../columns/column.ts';
import type { Kind, ObjectOf } from '../kind.ts';
import { typeMeta } from '../meta.ts';
import { count, integer, optional, section, text, time } from '../schema/fields.ts';

const schema = section({
  ...typeMeta(['coordination.k8s.io/v1'], 'Lease'),
  spec: optional(
    section({
      /** Empty when the holder gave the lease back. */
      holderIdentity: optional(text()),
      leaseDurationSeconds: optional(integer(1, 0x7fffffff, 'a number of seconds')),
      /** Six decimals, as renewTime. */
      acquireTime: optional(time()),
      renewTime: optional(time()),
      leaseTransitions: optional(count()),
      strategy: optional(text()),
      preferredHolder: optional(text()),
    }),
  ),
});

export const lease: Kind<typeof schema> = {
  group: 'coordination.k8s.io',
  kind: 'Lease',
  plural: 'leases',
  singular: 'lease',
  shortNames: [],
  categories: [],
  version: 'v1',
  namespaced: true,
  hasStatus: false,
  name: dnsSubdomain,
  schema,
  columns: [{ name: 'Holder', type: 'string', jsonPath: '.spec.holderIdentity' }, ageColumn],
  selectableFields: [],
};

export type Lease = ObjectOf<typeof lease>;

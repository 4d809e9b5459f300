import * as z from 'zod/mini';
import { parseIp } from '../../model/cidr.ts';
import { dnsSubdomain } from '../../model/syntax.ts';
import { ip, prefix } from '../addresses.ts';
import { ageColumn, type Column } from '../columns/column.ts';
import type { Kind, ObjectOf } from '../kind.ts';
import { conditions, labelSelector, typeMeta } from '../meta.ts';
import { choice, described, flag, list, optional, section } from '../schema/fields.ts';
import { exactlyOne, type Report, rule } from '../schema/rules.ts';

const block = section({
  cidr: optional(prefix()),
  start: optional(ip()),
  stop: optional(described('Last address of the range; start alone is one address.', ip())),
}).check(...exactlyOne('cidr', 'start'), rule(checkRange));

function checkRange({ start, stop }: Readonly<Record<string, unknown>>, report: Report): void {
  if (stop === undefined) return;
  if (start === undefined) report(['stop'], 'needs start beside it');
  const [first, last] = [start, stop].map((text) => (typeof text === 'string' ? parseIp(text) : undefined));
  if (!first || !last) return;
  if (first.family !== last.family) report(['stop'], `${String(stop)} is of another family than ${String(start)}`);
  else if (last.value < first.value) report(['stop'], `${String(stop)} comes before ${String(start)}`);
}

const schema = section({
  ...typeMeta(['cilium.io/v2', 'cilium.io/v2alpha1'], 'CiliumLoadBalancerIPPool'),
  spec: section({
    blocks: optional(list(block)),
    serviceSelector: optional(labelSelector()),
    allowFirstLastIPs: optional(choice('Yes', 'No')),
    disabled: z._default(flag(), false),
  }),
  status: optional(section({ conditions: optional(conditions()) })),
});

const message = (type: string): string => `.status.conditions[?(@.type=="${type}")]`;
const columns: readonly Column[] = [
  { name: 'Disabled', type: 'string', jsonPath: '.spec.disabled' },
  { name: 'Conflicting', type: 'string', jsonPath: `${message('cilium.io/PoolConflict')}.status` },
  { name: 'IPs Available', type: 'string', jsonPath: `${message('cilium.io/IPsAvailable')}.message` },
  ageColumn,
];

export const ciliumLoadBalancerIPPool: Kind<typeof schema> = {
  group: 'cilium.io',
  kind: 'CiliumLoadBalancerIPPool',
  plural: 'ciliumloadbalancerippools',
  singular: 'ciliumloadbalancerippool',
  shortNames: ['ippools', 'ippool', 'lbippool', 'lbippools'],
  categories: ['cilium'],
  version: 'v2',
  olderVersions: [{ name: 'v2alpha1', deprecation: 'cilium.io/v2alpha1 CiliumLoadBalancerIPPool is deprecated; use cilium.io/v2' }],
  namespaced: false,
  hasStatus: true,
  name: dnsSubdomain,
  schema,
  columns,
  selectableFields: [],
};

export type CiliumLoadBalancerIPPool = ObjectOf<typeof ciliumLoadBalancerIPPool>;

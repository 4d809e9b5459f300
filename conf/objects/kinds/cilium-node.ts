import { dnsSubdomain } from '../../model/syntax.ts';
import { ip, ipv4, ipv6, prefix } from '../addresses.ts';
import { ageColumn, type Column } from '../columns/column.ts';
import type { Kind, ObjectOf } from '../kind.ts';
import { typeMeta } from '../meta.ts';
import { choice, count, described, flag, integer, list, mapOf, opaque, optional, section, text, texts } from '../schema/fields.ts';

const owned = () => mapOf(section({ owner: optional(text()), resource: optional(text()) }));

const releases = () => mapOf(choice('marked-for-release', 'ready-for-release', 'do-not-release', 'released'));

const pool = section({
  requested: optional(
    list(
      section({ pool: text({ min: 1 }), needed: optional(section({ 'ipv4-addrs': optional(count()), 'ipv6-addrs': optional(count()) })) }),
    ),
  ),
  allocated: optional(
    list(
      section({ pool: text({ min: 1 }), cidrs: optional(list(prefix())), allowFirstIP: optional(flag()), allowLastIP: optional(flag()) }),
    ),
  ),
});

const ipam = section({
  podCIDRs: optional(described('Blocks of the node in mode cluster-pool or kubernetes.', list(prefix()))),
  pools: optional(described('Blocks of the node in mode multi-pool, and what it asks for.', pool)),
  pool: optional(owned()),
  'ipv6-pool': optional(owned()),
  'min-allocate': optional(count()),
  'max-allocate': optional(count()),
  'pre-allocate': optional(count()),
  'max-above-watermark': optional(count()),
  'static-ip-tags': optional(texts()),
});

const pair = () => section({ ipv4: optional(ipv4()), ipv6: optional(ipv6()) });

const spec = section({
  addresses: optional(list(section({ type: optional(text()), ip: optional(ip()) }))),
  health: optional(pair()),
  ingress: optional(pair()),
  encryption: optional(section({ key: optional(integer(0, 255)) })),
  bootid: optional(text()),
  'instance-id': optional(text()),
  ipam: optional(ipam),
  eni: optional(opaque()),
  azure: optional(opaque()),
  'alibaba-cloud': optional(opaque()),
});

const statusIpam = section({
  'operator-status': optional(section({ error: optional(text()) })),
  used: optional(owned()),
  'ipv6-used': optional(owned()),
  'pod-cidrs': optional(mapOf(section({ status: optional(choice('released', 'depleted', 'in-use')) }))),
  'release-ips': optional(releases()),
  'release-ipv6s': optional(releases()),
  'assigned-static-ip': optional(text()),
});

const schema = section({
  ...typeMeta(['cilium.io/v2'], 'CiliumNode'),
  spec: optional(spec),
  status: optional(
    section({ ipam: optional(statusIpam), eni: optional(opaque()), azure: optional(opaque()), 'alibaba-cloud': optional(opaque()) }),
  ),
});

const columns: readonly Column[] = [
  { name: 'CiliumInternalIP', type: 'string', jsonPath: '.spec.addresses[?(@.type=="CiliumInternalIP")].ip' },
  { name: 'InternalIP', type: 'string', jsonPath: '.spec.addresses[?(@.type=="InternalIP")].ip' },
  ageColumn,
];

/** A node as other nodes need it, and its part of the address pools. Named like the node. */
export const ciliumNode: Kind<typeof schema> = {
  group: 'cilium.io',
  kind: 'CiliumNode',
  plural: 'ciliumnodes',
  singular: 'ciliumnode',
  shortNames: ['cn', 'ciliumn'],
  categories: ['cilium'],
  version: 'v2',
  namespaced: false,
  hasStatus: true,
  name: dnsSubdomain,
  schema,
  columns,
  selectableFields: [],
};

export type CiliumNode = ObjectOf<typeof ciliumNode>;

import { dnsSubdomain } from '../../model/syntax.ts';
import { ageColumn } from '../columns/column.ts';
import { nodeRoles, nodeStatus } from '../columns/node-cells.ts';
import type { Kind, ObjectOf } from '../kind.ts';
import { coreConditions, typeMeta } from '../meta.ts';
import { flag, list, optional, section, text } from '../schema/fields.ts';

const taint = section({ key: text({ min: 1 }), value: optional(text()), effect: text(), timeAdded: optional(text()) });

const schema = section({
  ...typeMeta(['v1'], 'Node'),
  spec: optional(
    section({
      podCIDR: optional(text()),
      podCIDRs: optional(list(text())),
      providerID: optional(text()),
      unschedulable: optional(flag()),
      taints: optional(list(taint)),
    }),
  ),
  status: optional(
    section({
      addresses: optional(list(section({ type: text(), address: text() }))),
      conditions: optional(coreConditions()),
      nodeInfo: optional(section({ kubeletVersion: optional(text()), kernelVersion: optional(text()), osImage: optional(text()) })),
    }),
  ),
});

export const node: Kind<typeof schema> = {
  group: '',
  kind: 'Node',
  plural: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  categories: [],
  version: 'v1',
  namespaced: false,
  hasStatus: true,
  name: dnsSubdomain,
  schema,
  columns: [
    { name: 'Status', type: 'string', cell: nodeStatus },
    { name: 'Roles', type: 'string', cell: nodeRoles },
    ageColumn,
    { name: 'Version', type: 'string', jsonPath: '.status.nodeInfo.kubeletVersion' },
    { name: 'Internal-IP', type: 'string', isWide: true, jsonPath: '.status.addresses[?(@.type=="InternalIP")].address' },
    { name: 'External-IP', type: 'string', isWide: true, jsonPath: '.status.addresses[?(@.type=="ExternalIP")].address' },
    { name: 'OS-Image', type: 'string', isWide: true, jsonPath: '.status.nodeInfo.osImage' },
    { name: 'Kernel-Version', type: 'string', isWide: true, jsonPath: '.status.nodeInfo.kernelVersion' },
  ],
  selectableFields: ['spec.unschedulable'],
};

export type Node = ObjectOf<typeof node>;

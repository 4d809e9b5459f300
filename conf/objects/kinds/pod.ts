import { dnsSubdomain } from '../../model/syntax.ts';
import { ageColumn } from '../columns/column.ts';
import { podReady, podRestarts, podStatus } from '../columns/pod-cells.ts';
import type { Kind, ObjectOf } from '../kind.ts';
import { coreConditions, typeMeta } from '../meta.ts';
import { choice, flag, integer, list, optional, section, text } from '../schema/fields.ts';

const containerPort = section({
  name: optional(text()),
  hostPort: optional(integer(0, 65535, 'a port')),
  containerPort: integer(1, 65535, 'a port'),
  protocol: optional(choice('TCP', 'UDP', 'SCTP')),
  hostIP: optional(text()),
});

const container = section({
  name: text({ min: 1 }),
  ports: optional(list(containerPort)),
  /** Always in an init container makes it a sidecar. */
  restartPolicy: optional(text()),
});

const containerStatus = section({ name: text(), ready: optional(flag()), restartCount: optional(integer(0, 0x7fffffff)) });

const status = section({
  phase: optional(choice('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown')),
  reason: optional(text()),
  hostIP: optional(text()),
  podIP: optional(text()),
  podIPs: optional(list(section({ ip: optional(text()) }))),
  conditions: optional(coreConditions()),
  containerStatuses: optional(list(containerStatus)),
});

const schema = section({
  ...typeMeta(['v1'], 'Pod'),
  spec: optional(
    section({
      nodeName: optional(text()),
      hostNetwork: optional(flag()),
      serviceAccountName: optional(text()),
      schedulerName: optional(text()),
      restartPolicy: optional(text()),
      containers: optional(list(container)),
      initContainers: optional(list(container)),
    }),
  ),
  status: optional(status),
});

export const pod: Kind<typeof schema> = {
  group: '',
  kind: 'Pod',
  plural: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  categories: ['all'],
  version: 'v1',
  namespaced: true,
  hasStatus: true,
  name: dnsSubdomain,
  schema,
  columns: [
    { name: 'Ready', type: 'string', cell: podReady },
    { name: 'Status', type: 'string', cell: podStatus },
    { name: 'Restarts', type: 'integer', cell: podRestarts },
    ageColumn,
    { name: 'IP', type: 'string', isWide: true, jsonPath: '.status.podIP' },
    { name: 'Node', type: 'string', isWide: true, jsonPath: '.spec.nodeName' },
  ],
  selectableFields: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
};

export type Pod = ObjectOf<typeof pod>;

import * as z from 'zod/mini';
import { dnsLabel } from '../../model/syntax.ts';
import { cidr, ip } from '../addresses.ts';
import { ageColumn } from '../columns/column.ts';
import { serviceExternalIp, servicePorts, serviceSelector } from '../columns/service-cells.ts';
import type { Kind, ObjectOf } from '../kind.ts';
import { typeMeta } from '../meta.ts';
import { choice, flag, integer, intOrString, list, optional, section, text, texts } from '../schema/fields.ts';

const port = section({
  name: optional(text()),
  protocol: z._default(choice('TCP', 'UDP', 'SCTP'), 'TCP'),
  appProtocol: optional(text()),
  port: integer(1, 65535, 'a port'),
  targetPort: optional(intOrString()),
  nodePort: optional(integer(0, 65535, 'a port')),
});

const spec = section({
  type: z._default(choice('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'), 'ClusterIP'),
  ports: optional(list(port)),
  selector: optional(texts()),
  /** An address, `None`, or empty. */
  clusterIP: optional(text()),
  clusterIPs: optional(list(text())),
  ipFamilies: optional(list(choice('IPv4', 'IPv6'))),
  ipFamilyPolicy: optional(choice('SingleStack', 'PreferDualStack', 'RequireDualStack')),
  externalIPs: optional(list(ip())),
  externalName: optional(text()),
  externalTrafficPolicy: optional(choice('Cluster', 'Local')),
  internalTrafficPolicy: optional(choice('Cluster', 'Local')),
  trafficDistribution: optional(text()),
  sessionAffinity: z._default(choice('None', 'ClientIP'), 'None'),
  sessionAffinityConfig: optional(
    section({ clientIP: optional(section({ timeoutSeconds: optional(integer(1, 86400, 'a number of seconds')) })) }),
  ),
  healthCheckNodePort: optional(integer(0, 65535, 'a port')),
  publishNotReadyAddresses: optional(flag()),
  loadBalancerIP: optional(text()),
  loadBalancerClass: optional(text()),
  loadBalancerSourceRanges: optional(list(cidr())),
  allocateLoadBalancerNodePorts: optional(flag()),
});

const ingress = section({ ip: optional(ip()), hostname: optional(text()), ipMode: optional(choice('VIP', 'Proxy')) });

const condition = section({
  type: text({ min: 1 }),
  status: text(),
  reason: optional(text()),
  message: optional(text()),
  lastTransitionTime: optional(text()),
  observedGeneration: optional(integer(0, Number.MAX_SAFE_INTEGER)),
});

const schema = section({
  ...typeMeta(['v1'], 'Service'),
  spec: optional(spec),
  status: optional(
    section({ loadBalancer: optional(section({ ingress: optional(list(ingress)) })), conditions: optional(list(condition)) }),
  ),
});

export const service: Kind<typeof schema> = {
  group: '',
  kind: 'Service',
  plural: 'services',
  singular: 'service',
  shortNames: ['svc'],
  categories: ['all'],
  version: 'v1',
  namespaced: true,
  hasStatus: true,
  name: dnsLabel,
  schema,
  columns: [
    { name: 'Type', type: 'string', jsonPath: '.spec.type' },
    { name: 'Cluster-IP', type: 'string', jsonPath: '.spec.clusterIP' },
    { name: 'External-IP', type: 'string', cell: serviceExternalIp },
    { name: 'Port(s)', type: 'string', cell: servicePorts },
    ageColumn,
    { name: 'Selector', type: 'string', isWide: true, cell: serviceSelector },
  ],
  selectableFields: ['spec.clusterIP', 'spec.type'],
};

export type Service = ObjectOf<typeof service>;

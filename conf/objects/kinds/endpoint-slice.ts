import * as z from 'zod/mini';
import { dnsSubdomain } from '../../model/syntax.ts';
import { ageColumn } from '../columns/column.ts';
import { sliceEndpoints, slicePorts } from '../columns/service-cells.ts';
import type { Kind, ObjectOf } from '../kind.ts';
import { typeMeta } from '../meta.ts';
import { choice, flag, integer, list, optional, section, text, texts } from '../schema/fields.ts';

const hint = section({ name: text() });

const endpoint = section({
  addresses: list(text(), { min: 1, max: 100 }),
  conditions: optional(section({ ready: optional(flag()), serving: optional(flag()), terminating: optional(flag()) })),
  hostname: optional(text()),
  nodeName: optional(text()),
  zone: optional(text()),
  hints: optional(section({ forZones: optional(list(hint)), forNodes: optional(list(hint)) })),
  deprecatedTopology: optional(texts()),
  targetRef: optional(section({ kind: optional(text()), name: optional(text()), namespace: optional(text()), uid: optional(text()) })),
});

const port = section({
  name: optional(text()),
  protocol: z._default(choice('TCP', 'UDP', 'SCTP'), 'TCP'),
  port: optional(integer(0, 65535, 'a port')),
  appProtocol: optional(text()),
});

const schema = section({
  ...typeMeta(['discovery.k8s.io/v1'], 'EndpointSlice'),
  addressType: choice('IPv4', 'IPv6', 'FQDN'),
  endpoints: optional(list(endpoint, { max: 1000 })),
  ports: optional(list(port, { max: 20_000 })),
});

export const endpointSlice: Kind<typeof schema> = {
  group: 'discovery.k8s.io',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  singular: 'endpointslice',
  shortNames: [],
  categories: [],
  version: 'v1',
  namespaced: true,
  hasStatus: false,
  name: dnsSubdomain,
  schema,
  columns: [
    { name: 'AddressType', type: 'string', jsonPath: '.addressType' },
    { name: 'Ports', type: 'string', cell: slicePorts },
    { name: 'Endpoints', type: 'string', cell: sliceEndpoints },
    ageColumn,
  ],
  selectableFields: [],
};

export type EndpointSlice = ObjectOf<typeof endpointSlice>;

import { dnsSubdomain } from '../../model/syntax.ts';
import type { Column } from '../columns/column.ts';
import type { Kind, ObjectOf } from '../kind.ts';
import { typeMeta } from '../meta.ts';
import { choice, count, flag, list, opaque, optional, section, text, texts } from '../schema/fields.ts';
import { encryption, namedPorts, networking } from './endpoint-networking.ts';

const STATES = [
  'creating',
  'waiting-for-identity',
  'not-ready',
  'waiting-to-regenerate',
  'regenerating',
  'restoring',
  'ready',
  'disconnecting',
  'disconnected',
  'invalid',
] as const;

const identifiers = section({
  'cni-attachment-id': optional(text()),
  'container-id': optional(text()),
  'container-name': optional(text()),
  'docker-endpoint-id': optional(text()),
  'docker-network-id': optional(text()),
  'k8s-namespace': optional(text()),
  'k8s-pod-name': optional(text()),
  'pod-name': optional(text()),
});

const policyEntry = section({
  identity: optional(count()),
  'identity-labels': optional(texts()),
  'dest-port': optional(count()),
  protocol: optional(count()),
});

const policyDirection = section({
  enforcing: flag(),
  state: optional(text()),
  allowed: optional(list(policyEntry)),
  denied: optional(list(policyEntry)),
  adding: optional(list(policyEntry)),
  removing: optional(list(policyEntry)),
});

const status = section({
  id: optional(count()),
  identity: optional(section({ id: optional(count()), labels: optional(list(text())) })),
  networking: optional(networking()),
  'external-identifiers': optional(identifiers),
  encryption: optional(encryption()),
  'named-ports': optional(namedPorts()),
  'service-account': optional(text()),
  policy: optional(section({ ingress: optional(policyDirection), egress: optional(policyDirection) })),
  health: optional(
    section({ bpf: optional(text()), connected: optional(flag()), overallHealth: optional(text()), policy: optional(text()) }),
  ),
  controllers: optional(list(opaque())),
  log: optional(list(opaque())),
  state: optional(choice(...STATES)),
});

const schema = section({ ...typeMeta(['cilium.io/v2'], 'CiliumEndpoint'), status: optional(status) });

const columns: readonly Column[] = [
  { name: 'Security Identity', type: 'integer', jsonPath: '.status.identity.id' },
  { name: 'Ingress Enforcement', type: 'string', isWide: true, jsonPath: '.status.policy.ingress.state' },
  { name: 'Egress Enforcement', type: 'string', isWide: true, jsonPath: '.status.policy.egress.state' },
  { name: 'Endpoint State', type: 'string', jsonPath: '.status.state' },
  { name: 'IPv4', type: 'string', jsonPath: '.status.networking.addressing[0].ipv4' },
  { name: 'IPv6', type: 'string', jsonPath: '.status.networking.addressing[0].ipv6' },
];

/** What the cluster knows of a pod's endpoint; named like the pod. Its status is written with the object: there is no subresource. */
export const ciliumEndpoint: Kind<typeof schema> = {
  group: 'cilium.io',
  kind: 'CiliumEndpoint',
  plural: 'ciliumendpoints',
  singular: 'ciliumendpoint',
  shortNames: ['cep', 'ciliumep'],
  categories: ['cilium'],
  version: 'v2',
  namespaced: true,
  hasStatus: false,
  name: dnsSubdomain,
  schema,
  columns,
  selectableFields: [],
};

export type CiliumEndpoint = ObjectOf<typeof ciliumEndpoint>;

import { dnsSubdomain } from '../../model/syntax.ts';
import { ageColumn, type Column } from '../columns/column.ts';
import type { Kind, ObjectOf } from '../kind.ts';
import { conditions, typeMeta } from '../meta.ts';
import { clusterwideRule, namespacedRule } from '../policy/rule.ts';
import { count, flag, list, mapOf, optional, section, text, texts } from '../schema/fields.ts';
import { atLeastOne } from '../schema/rules.ts';

const nodeStatus = section({
  ok: optional(flag()),
  enforcing: optional(flag()),
  error: optional(text()),
  lastUpdated: optional(text()),
  localPolicyRevision: optional(count()),
  annotations: optional(texts()),
});

const status = section({ conditions: optional(conditions()), derivativePolicies: optional(mapOf(nodeStatus)) });

const valid: Column = { name: 'Valid', type: 'string', jsonPath: '.status.conditions[?(@.type=="Valid")].status' };

const schema = section({
  ...typeMeta(['cilium.io/v2'], 'CiliumNetworkPolicy'),
  spec: optional(namespacedRule),
  specs: optional(list(namespacedRule)),
  status: optional(status),
}).check(...atLeastOne('spec', 'specs'));

export const ciliumNetworkPolicy: Kind<typeof schema> = {
  group: 'cilium.io',
  kind: 'CiliumNetworkPolicy',
  plural: 'ciliumnetworkpolicies',
  singular: 'ciliumnetworkpolicy',
  shortNames: ['cnp', 'ciliumnp'],
  categories: ['cilium', 'ciliumpolicy'],
  version: 'v2',
  namespaced: true,
  hasStatus: true,
  name: dnsSubdomain,
  schema,
  columns: [ageColumn, valid],
  selectableFields: [],
};

const clusterwideSchema = section({
  ...typeMeta(['cilium.io/v2'], 'CiliumClusterwideNetworkPolicy'),
  spec: optional(clusterwideRule),
  specs: optional(list(clusterwideRule)),
  status: optional(status),
}).check(...atLeastOne('spec', 'specs'));

export const ciliumClusterwideNetworkPolicy: Kind<typeof clusterwideSchema> = {
  group: 'cilium.io',
  kind: 'CiliumClusterwideNetworkPolicy',
  plural: 'ciliumclusterwidenetworkpolicies',
  singular: 'ciliumclusterwidenetworkpolicy',
  shortNames: ['ccnp'],
  categories: ['cilium', 'ciliumpolicy'],
  version: 'v2',
  namespaced: false,
  hasStatus: true,
  name: dnsSubdomain,
  schema: clusterwideSchema,
  columns: [valid],
  selectableFields: [],
};

export type CiliumNetworkPolicy = ObjectOf<typeof ciliumNetworkPolicy>;
export type CiliumClusterwideNetworkPolicy = ObjectOf<typeof ciliumClusterwideNetworkPolicy>;

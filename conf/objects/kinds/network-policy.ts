import * as z from 'zod/mini';
import { parseCidr } from '../../model/cidr.ts';
import { dnsSubdomain } from '../../model/syntax.ts';
import { prefix } from '../addresses.ts';
import { ageColumn } from '../columns/column.ts';
import { podSelector } from '../columns/service-cells.ts';
import type { Kind, ObjectOf } from '../kind.ts';
import { labelSelector, typeMeta } from '../meta.ts';
import { checkExcept } from '../policy/except.ts';
import { checkPortRange } from '../policy/port-range.ts';
import { choice, integer, intOrString, list, optional, section } from '../schema/fields.ts';
import { rule } from '../schema/rules.ts';
import { isTree } from '../schema/walk.ts';

const ipBlock = section({ cidr: prefix(), except: optional(list(prefix())) }).check(
  rule((fields, report) => {
    checkExcept(fields, report);
    const outer = typeof fields['cidr'] === 'string' ? parseCidr(fields['cidr']) : undefined;
    for (const [index, text] of (Array.isArray(fields['except']) ? fields['except'] : []).entries()) {
      const inner = typeof text === 'string' ? parseCidr(text) : undefined;
      if (outer && inner && inner.length === outer.length && inner.first === outer.first) {
        report(['except', index], `${text} is all of ${fields['cidr']}: it must be a part of it`);
      }
    }
  }),
);

const peerFields = ['podSelector', 'namespaceSelector', 'ipBlock'];

const peer = section({
  podSelector: optional(labelSelector()),
  namespaceSelector: optional(labelSelector()),
  ipBlock: optional(ipBlock),
}).check(
  rule((fields, report) => {
    const [first, ...others] = peerFields.filter((name) => fields[name] !== undefined);
    if (first === undefined) report([], `expected ${peerFields.join(', ')}, got none of them (an item without fields matches nothing)`);
    else if (others.length > 0 && fields['ipBlock'] !== undefined) report(['ipBlock'], 'cannot stand beside selectors in one item');
  }),
);

const port = section({
  protocol: z._default(choice('TCP', 'UDP', 'SCTP'), 'TCP'),
  port: optional(intOrString()),
  endPort: optional(integer(1, 65535, 'a port')),
}).check(rule(checkPortRange));

const schema = section({
  ...typeMeta(['networking.k8s.io/v1'], 'NetworkPolicy'),
  spec: optional(
    section({
      podSelector: z._default(labelSelector(), {}),
      ingress: optional(list(section({ from: optional(list(peer)), ports: optional(list(port)) }))),
      egress: optional(list(section({ to: optional(list(peer)), ports: optional(list(port)) }))),
      policyTypes: optional(list(choice('Ingress', 'Egress'), { max: 2 })),
    }),
  ),
});

export const networkPolicy: Kind<typeof schema> = {
  group: 'networking.k8s.io',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  singular: 'networkpolicy',
  shortNames: ['netpol'],
  categories: [],
  version: 'v1',
  namespaced: true,
  hasStatus: false,
  name: dnsSubdomain,
  schema,
  complete: fillPolicyTypes,
  columns: [{ name: 'Pod-Selector', type: 'string', cell: podSelector }, ageColumn],
  selectableFields: [],
};

/** Absent policy types: ingress always, egress when there is a rule for it, as the API server fills it in. */
function fillPolicyTypes(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { spec } = object;
  if (!isTree(spec) || spec['policyTypes'] !== undefined) return object;
  const hasEgress = Array.isArray(spec['egress']) && spec['egress'].length > 0;
  return { ...object, spec: { ...spec, policyTypes: hasEgress ? ['Ingress', 'Egress'] : ['Ingress'] } };
}

export type NetworkPolicy = ObjectOf<typeof networkPolicy>;

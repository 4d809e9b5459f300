import { dnsSubdomain, sourcedKey } from '../../model/syntax.ts';
import { cidr, prefix } from '../addresses.ts';
import { labelSelector } from '../meta.ts';
import { choice, list, optional, section, text, texts, word } from '../schema/fields.ts';
import { exactlyOne, type Report, rule } from '../schema/rules.ts';
import { checkExcept } from './except.ts';
import { fqdn } from './l7.ts';

export const ENTITIES = [
  'all',
  'world',
  'cluster',
  'cluster-mesh',
  'host',
  'init',
  'ingress',
  'unmanaged',
  'remote-node',
  'health',
  'none',
  'kube-apiserver',
] as const;

export type Entity = (typeof ENTITIES)[number];

/** Labels in policies may name their source: `k8s:app`, `reserved:host`. */
export const endpointSelector = () => labelSelector(sourcedKey);

const cidrRule = section({
  cidr: optional(prefix()),
  cidrGroupRef: optional(word(dnsSubdomain)),
  cidrGroupSelector: optional(labelSelector()),
  except: optional(list(prefix())),
}).check(...exactlyOne('cidr', 'cidrGroupRef', 'cidrGroupSelector'), rule(checkExcept));

const group = section({
  aws: optional(
    section({
      labels: optional(texts()),
      region: optional(text()),
      securityGroupsIds: optional(list(text())),
      securityGroupsNames: optional(list(text())),
      managedPrefixList: optional(text()),
    }),
  ),
});

const service = section({
  k8sService: optional(section({ serviceName: optional(text()), namespace: optional(text()) })),
  k8sServiceSelector: optional(section({ selector: labelSelector(sourcedKey), namespace: optional(text()) })),
}).check(...exactlyOne('k8sService', 'k8sServiceSelector'));

/** Where packets of an ingress rule come from. */
export const sources = () => ({
  fromEndpoints: optional(list(endpointSelector())),
  fromCIDR: optional(list(cidr())),
  fromCIDRSet: optional(list(cidrRule)),
  fromEntities: optional(list(choice(...ENTITIES))),
  fromNodes: optional(list(endpointSelector())),
  fromGroups: optional(list(group)),
  fromRequires: optional(list(endpointSelector())),
});

/** Where packets of an egress rule go to. */
export const destinations = () => ({
  toEndpoints: optional(list(endpointSelector())),
  toCIDR: optional(list(cidr())),
  toCIDRSet: optional(list(cidrRule)),
  toEntities: optional(list(choice(...ENTITIES))),
  toNodes: optional(list(endpointSelector())),
  toGroups: optional(list(group)),
  toServices: optional(list(service)),
  toRequires: optional(list(endpointSelector())),
});

/** Names of peers; for allow rules only. */
export const fqdns = () => ({ toFQDNs: optional(list(fqdn)) });

const PEER = /^(from|to)(Endpoints|CIDR|CIDRSet|Entities|Nodes|Groups|Services|FQDNs)$/;

/** One kind of peer in an item, and ICMP types or ports. */
export const onePeerKind = rule((fields: Readonly<Record<string, unknown>>, report: Report) => {
  const [first, ...others] = Object.keys(fields).filter((name) => PEER.test(name) && fields[name] !== undefined && fields[name] !== null);
  for (const name of others) report([name], `cannot stand beside ${first} in one item: write one item for each`);
  if (fields['icmps'] !== undefined && fields['toPorts'] !== undefined) report(['icmps'], 'cannot stand beside toPorts in one item');
  for (const name of ['fromRequires', 'toRequires']) {
    const value = fields[name];
    if (Array.isArray(value) && value.length > 0) report([name], 'was removed in Cilium 1.19: add its labels to each selector');
  }
});

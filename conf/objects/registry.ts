import { nearest } from '../config/nearest.ts';
import { apiVersionsOf, type Kind } from './kind.ts';
import { ciliumCIDRGroup } from './kinds/cilium-cidr-group.ts';
import { ciliumEndpoint } from './kinds/cilium-endpoint.ts';
import { ciliumEndpointSlice } from './kinds/cilium-endpoint-slice.ts';
import { ciliumIdentity } from './kinds/cilium-identity.ts';
import { ciliumLoadBalancerIPPool } from './kinds/cilium-load-balancer-ip-pool.ts';
import { ciliumClusterwideNetworkPolicy, ciliumNetworkPolicy } from './kinds/cilium-network-policy.ts';
import { ciliumNode } from './kinds/cilium-node.ts';
import { ciliumPodIPPool } from './kinds/cilium-pod-ip-pool.ts';
import { endpointSlice } from './kinds/endpoint-slice.ts';
import { lease } from './kinds/lease.ts';
import { namespace } from './kinds/namespace.ts';
import { networkPolicy } from './kinds/network-policy.ts';
import { node } from './kinds/node.ts';
import { pod } from './kinds/pod.ts';
import { service } from './kinds/service.ts';

/** Kinds for which axoneme brings the definitions: those of cilium.io. */
export const ciliumKinds: readonly Kind[] = [
  ciliumCIDRGroup,
  ciliumClusterwideNetworkPolicy,
  ciliumEndpoint,
  ciliumEndpointSlice,
  ciliumIdentity,
  ciliumLoadBalancerIPPool,
  ciliumNetworkPolicy,
  ciliumNode,
  ciliumPodIPPool,
];

/** Kinds of Kubernetes itself. We read some of their fields and keep all. */
export const coreKinds: readonly Kind[] = [namespace, node, pod, service, endpointSlice, networkPolicy, lease];

/** Every kind that the store can hold. */
export const allKinds: readonly Kind[] = [...coreKinds, ...ciliumKinds];

/** The kind that a person means by `cnp`, `ciliumnetworkpolicies`, `CiliumNetworkPolicy` or `ciliumnetworkpolicies.cilium.io`, in any case. */
export function findKind(word: string): Kind | undefined {
  const wanted = word.toLowerCase();
  return allKinds.find((kind) => namesOf(kind).some((name) => name.toLowerCase() === wanted));
}

/** The name that a person most likely meant by an unknown word; undefined when none is near. */
export function nearestKind(word: string): string | undefined {
  return nearest(word, allKinds.flatMap(namesOf));
}

/** Kinds of a category such as `cilium` or `all`. */
export function kindsOfCategory(word: string): readonly Kind[] {
  return allKinds.filter(({ categories }) => categories.includes(word.toLowerCase()));
}

function namesOf({ kind, plural, singular, shortNames, group }: Kind): string[] {
  return [plural, singular, kind, ...shortNames, ...(group === '' ? [] : [`${plural}.${group}`])];
}

/** The kind by `apiVersion` and `kind` of an object; undefined when we do not know it, or not in this version. */
export function kindOf(apiVersion: string, kind: string): Kind | undefined {
  return allKinds.find((known) => known.kind === kind && apiVersionsOf(known).includes(apiVersion));
}

/** Says why an object is of no known kind, and what would be. */
export function explainUnknownKind(apiVersion: string, kind: string): { readonly field: 'apiVersion' | 'kind'; readonly reason: string } {
  const known = allKinds.find((candidate) => candidate.kind === kind);
  if (known) {
    const versions = apiVersionsOf(known).join(' or ');
    return { field: 'apiVersion', reason: `expected ${versions} for ${kind}, got ${JSON.stringify(apiVersion)}` };
  }
  const guess = nearest(
    kind,
    allKinds.map((candidate) => candidate.kind),
  );
  return { field: 'kind', reason: `unknown kind ${JSON.stringify(kind)}${guess === undefined ? '' : `; did you mean ${guess}?`}` };
}

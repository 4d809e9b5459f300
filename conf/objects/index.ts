/** Objects of the cluster, in the shape that Kubernetes gives them: schemas, types, parsers, tables. */
export { ageOf } from './columns/age.ts';
export type { Column } from './columns/column.ts';
export { type ObjectTable, type TableOptions, tableOf } from './columns/table.ts';
export { type DecodeOptions, decodeAs, decodeObject } from './decode.ts';
export { type ManifestEntry, parseManifest, readManifest } from './documents.ts';
export { ObjectError, type ObjectProblem } from './error.ts';
export { immutableProblems } from './immutable.ts';
export { apiVersionOf, apiVersionsOf, type Kind, type ObjectOf, type OlderVersion } from './kind.ts';
export { type CiliumCIDRGroup, ciliumCIDRGroup } from './kinds/cilium-cidr-group.ts';
export { type CiliumEndpoint, ciliumEndpoint } from './kinds/cilium-endpoint.ts';
export { type CiliumEndpointSlice, ciliumEndpointSlice } from './kinds/cilium-endpoint-slice.ts';
export { type CiliumIdentity, ciliumIdentity } from './kinds/cilium-identity.ts';
export { type CiliumLoadBalancerIPPool, ciliumLoadBalancerIPPool } from './kinds/cilium-load-balancer-ip-pool.ts';
export {
  type CiliumClusterwideNetworkPolicy,
  type CiliumNetworkPolicy,
  ciliumClusterwideNetworkPolicy,
  ciliumNetworkPolicy,
} from './kinds/cilium-network-policy.ts';
export { type CiliumNode, ciliumNode } from './kinds/cilium-node.ts';
export { type CiliumPodIPPool, ciliumPodIPPool } from './kinds/cilium-pod-ip-pool.ts';
export { type EndpointSlice, endpointSlice } from './kinds/endpoint-slice.ts';
export { type Lease, lease } from './kinds/lease.ts';
export { type Namespace, namespace } from './kinds/namespace.ts';
export { type NetworkPolicy, networkPolicy } from './kinds/network-policy.ts';
export { type Node, node } from './kinds/node.ts';
export { type Pod, pod } from './kinds/pod.ts';
export { type Service, service } from './kinds/service.ts';
export { listOf, mixedList, type ObjectList } from './list.ts';
export { type Condition, displayName, type KubeObject, type ObjectMeta, type OwnerReference } from './meta.ts';
export { allKinds, ciliumKinds, coreKinds, findKind, kindOf, kindsOfCategory, nearestKind } from './registry.ts';
export type { Wire } from './schema/fields.ts';
export { type UnsupportedField, unsupported } from './unsupported.ts';

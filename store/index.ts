/*
 * Objects of Kubernetes' shape behind one interface, wherever they live: in a file of this process (embedded/), in etcd (etcd/) or behind the Kubernetes API
 * (kubernetes/). objects/ is what an API server does over a log of revisions, for the first two. contract/ is what all of them promise, as tests.
 * docs/store.md describes it.
 */

export { hasReason, isTooOld, type Reason, type StatusCause, StoreError } from './errors.ts';
export type { CacheEvent, IndexBy } from './informer/cache.ts';
export { Informer, type InformerOptions, type InformerStatus } from './informer/informer.ts';
export { Informers } from './informer/informers.ts';
export { resourceOf, validateKinds } from './kinds.ts';
export { apiVersionOf, type KubeObject, keyOf, type ObjectMeta, type ObjectRef, type OwnerReference, type Resource } from './object.ts';
export type { Validate } from './objects/metadata.ts';
export { type Backend, openStore } from './open.ts';
export type * from './store.ts';

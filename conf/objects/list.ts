import { apiVersionOf, type Kind } from './kind.ts';
import type { KubeObject } from './meta.ts';

/** What the API returns for many objects of a kind. */
export interface ObjectList<T extends KubeObject = KubeObject> {
  readonly apiVersion: string;
  /** `PodList`; `List` for objects of several kinds. */
  readonly kind: string;
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string; readonly remainingItemCount?: number };
  readonly items: readonly T[];
}

/** The objects as a list of their kind. */
export function listOf<T extends KubeObject>(kind: Kind, items: readonly T[], metadata: ObjectList['metadata'] = {}): ObjectList<T> {
  return { apiVersion: apiVersionOf(kind), kind: `${kind.kind}List`, metadata, items };
}

/** The objects as `kubectl get a,b -o yaml` prints them together. */
export function mixedList(items: readonly KubeObject[]): ObjectList {
  return { apiVersion: 'v1', kind: 'List', metadata: {}, items };
}

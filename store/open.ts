import type { EtcdOptions } from './etcd/connection.ts';
import type { Validate } from './objects/metadata.ts';
import type { Store } from './store.ts';

/** Where the objects live. */
export type Backend =
  | { readonly kind: 'embedded'; readonly path: string }
  | ({ readonly kind: 'etcd' } & EtcdOptions)
  /** `kubeconfig`: a file; without one the service account of the pod, else KUBECONFIG or ~/.kube/config */
  | { readonly kind: 'kubernetes'; readonly kubeconfig?: string };

/**
 * Opens a store. Only the code of its backend is loaded: an idle daemon without etcd does not pay for gRPC.
 * @param validate holds objects to their schemas where no API server does
 */
export async function openStore(backend: Backend, validate?: Validate): Promise<Store> {
  const checks = validate === undefined ? {} : { validate };
  switch (backend.kind) {
    case 'embedded': {
      const { openEmbedded } = await import('./embedded/index.ts');
      return openEmbedded({ path: backend.path, ...checks });
    }
    case 'etcd': {
      const { openEtcd } = await import('./etcd/index.ts');
      return openEtcd({ ...backend, ...checks });
    }
    case 'kubernetes': {
      const { openKubernetes, kubeconfigLogin, podLogin } = await import('./kubernetes/index.ts');
      if (backend.kubeconfig !== undefined) return openKubernetes(kubeconfigLogin([backend.kubeconfig]));
      return openKubernetes(podLogin() ?? kubeconfigLogin());
    }
  }
}

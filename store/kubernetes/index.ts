import type { Login } from './kubeconfig.ts';
import { KubernetesStore } from './kubernetes-store.ts';

export { kubeconfigLogin, type Login, podLogin } from './kubeconfig.ts';

/** The store behind a Kubernetes API server. It connects with the first call. */
export function openKubernetes(login: Login): KubernetesStore {
  return new KubernetesStore(login);
}

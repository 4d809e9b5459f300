import { expect, it } from 'vitest';
import { labelsOf, nameOf, ownerOf } from './identity.ts';

const rows = [
  {
    it: 'a pod of Kubernetes',
    pod: { namespace: 'default', name: 'web', uid: 'u' },
    name: 'default/web',
    owner: 'default/web',
    labels: ['k8s:io.kubernetes.pod.namespace=default', 'k8s:io.kubernetes.pod.name=web', 'reserved:init'],
  },
  { it: 'a container of podman', pod: { namespace: '', name: 'web', uid: '' }, name: 'web', owner: 'web', labels: ['reserved:init'] },
  { it: 'a container of cnitool', pod: { namespace: '', name: '', uid: '' }, name: '', owner: 'abc', labels: ['reserved:init'] },
];

it.each(rows)('names $it', ({ pod, name, owner, labels }) => {
  expect(nameOf(pod)).toBe(name);
  expect(ownerOf({ pod, containerId: 'abc' })).toBe(owner);
  expect(labelsOf(pod)).toEqual(labels);
});

import { randomBytes } from 'node:crypto';
import type { AttachmentKey, Endpoint, EndpointAddress, PodIdentity } from '../../conf/api/types.ts';

/** `namespace/name`; the name alone where nothing has namespaces, as under podman; empty when the runtime told no name. */
export function nameOf({ namespace, name }: PodIdentity): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** Labels of an endpoint, `source:key=value`. What has no namespace is no pod of Kubernetes. */
export function labelsOf(pod: PodIdentity): string[] {
  if (pod.name === '' || pod.namespace === '') return ['reserved:init'];
  return [`k8s:io.kubernetes.pod.namespace=${pod.namespace}`, `k8s:io.kubernetes.pod.name=${pod.name}`, 'reserved:init'];
}

/** The owner that stands beside an address: the pod's name, or the container id where there is none. */
export function ownerOf(endpoint: Pick<Endpoint, 'pod' | 'containerId'>): string {
  return endpoint.pod.name === '' ? endpoint.containerId : nameOf(endpoint.pod);
}

/** One text per attachment; a container id has no slash. */
export function keyOf(key: AttachmentKey): string {
  return `${key.containerId}/${key.ifname}`;
}

/** The endpoint's addresses, of whichever family it has. */
export function addressesOf(endpoint: Pick<Endpoint, 'ipv4' | 'ipv6'>): EndpointAddress[] {
  return [endpoint.ipv4, endpoint.ipv6].filter((address) => address !== undefined);
}

/** A random MAC, unicast and locally administered (IEEE 802, the two low bits of the first octet). */
export function randomMac(): string {
  const bytes = randomBytes(6);
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** True for a MAC that a device may have: not multicast, not all zero (`is_valid_ether_addr`, linux/etherdevice.h). */
export function isUnicastMac(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 && mac !== '00:00:00:00:00:00';
}

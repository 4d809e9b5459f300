import { formatSelector, type LabelSelector } from '../../model/labels.ts';
import { listAt, shortened, textAt, treeAt } from './read.ts';

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []);

/** External addresses of the service; `<pending>` for a load balancer without one. */
export function serviceExternalIp(service: unknown): string {
  const spec = treeAt(service, 'spec');
  const type = textAt(spec, 'type');
  if (type === 'ExternalName') return textAt(spec, 'externalName');
  const ingress = type === 'LoadBalancer' ? listAt(treeAt(service, 'status', 'loadBalancer'), 'ingress') : [];
  const addresses = [...ingress.map((entry) => textAt(entry, 'ip') || textAt(entry, 'hostname')), ...texts(spec['externalIPs'])];
  if (addresses.length > 0) return [...new Set(addresses)].join(',');
  return type === 'LoadBalancer' ? '<pending>' : '<none>';
}

/** `80/TCP,443:30443/TCP`. */
export function servicePorts(service: unknown): string {
  const ports = listAt(treeAt(service, 'spec'), 'ports').map((port) => {
    const nodePort = Number(port['nodePort'] ?? 0);
    return `${textAt(port, 'port')}${nodePort > 0 ? `:${nodePort}` : ''}/${textAt(port, 'protocol') || 'TCP'}`;
  });
  return ports.length === 0 ? '<none>' : ports.join(',');
}

/** The selector of the service's pods. */
export function serviceSelector(service: unknown): string {
  return formatSelector({ matchLabels: treeAt(service, 'spec', 'selector') as Record<string, string> });
}

/** Port numbers of the slice. */
export function slicePorts(slice: unknown): string {
  const ports = listAt(treeAt(slice), 'ports').map((port) => textAt(port, 'port') || '*');
  return ports.length === 0 ? '<unset>' : shortened(ports, 3);
}

/** Addresses of the slice. */
export function sliceEndpoints(slice: unknown): string {
  const addresses = listAt(treeAt(slice), 'endpoints').flatMap((endpoint) => texts(endpoint['addresses']));
  return addresses.length === 0 ? '<unset>' : shortened(addresses, 3);
}

/** The pods that a NetworkPolicy is for. */
export function podSelector(policy: unknown): string {
  return formatSelector(treeAt(policy, 'spec', 'podSelector') as LabelSelector);
}

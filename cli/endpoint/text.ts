import type { Endpoint } from '../../conf/api/types.ts';
import { fields, table } from '../lib/table.ts';

const header = [
  'ENDPOINT',
  'POLICY (ingress)\nENFORCEMENT',
  'POLICY (egress)\nENFORCEMENT',
  'IDENTITY',
  'LABELS (source:key[=value])',
  'IPv6',
  'IPv4',
  'STATUS',
];

/** The table of `axoneme endpoint list`. There is no policy yet, so that its enforcement is truly disabled everywhere. */
export function endpointTable(endpoints: readonly Endpoint[], isWide: boolean): string {
  const rows = endpoints.map((endpoint) => [
    endpoint.id,
    'Disabled',
    'Disabled',
    endpoint.identity,
    endpoint.labels.join('\n'),
    endpoint.ipv6?.address ?? '',
    endpoint.ipv4?.address ?? '',
    endpoint.state,
    ...(isWide ? [podName(endpoint), endpoint.hostIfname, endpoint.containerId] : []),
  ]);
  return table([...header, ...(isWide ? ['POD', 'INTERFACE', 'CONTAINER'] : [])], rows);
}

/** All of one endpoint, for people. */
export function endpointText(endpoint: Endpoint): string {
  const addresses = [endpoint.ipv4, endpoint.ipv6].flatMap((a) => (a ? [`${a.address} (pool ${a.pool})`] : []));
  return fields([
    ['Endpoint', String(endpoint.id)],
    ['Status', endpoint.state],
    ['Pod', podName(endpoint) || 'none named'],
    ['Container', endpoint.containerId],
    ['Interface', `${endpoint.ifname} in ${endpoint.netns}`],
    [
      'Host interface',
      endpoint.hostIfindex === 0 ? `${endpoint.hostIfname}, not there yet` : `${endpoint.hostIfname} (${endpoint.hostIfindex})`,
    ],
    ['Addresses', addresses.join('\n') || 'none'],
    ['MAC', endpoint.mac],
    ['Host MAC', endpoint.hostMac],
    ['MTU', String(endpoint.mtu)],
    ['Identity', String(endpoint.identity)],
    ['Labels', endpoint.labels.join('\n') || 'none'],
    ['Created', endpoint.createdAt],
  ]);
}

/** `namespace/name`, the name alone without a namespace (podman), or empty. */
export function podName({ pod }: Endpoint): string {
  return pod.namespace === '' ? pod.name : `${pod.namespace}/${pod.name}`;
}

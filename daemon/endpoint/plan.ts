import { reservedIdentity } from '../../bpf/layout.generated.ts';
import type { DeviceMode, Endpoint, EndpointRequest } from '../../conf/api/types.ts';
import type { BootTime } from '../../conf/moment.ts';
import { hostIfname, NO_MAC } from '../../conf/names.ts';
import { DomainError } from '../domain-error.ts';
import { isUnicastMac, labelsOf, randomMac } from './identity.ts';
import type { EndpointAddresses, EndpointDatapath } from './ports.ts';

/** The least MTU of a link that carries IPv6 (RFC 8200, section 5); below it the kernel disables IPv6 on the device. */
const IPV6_MIN_MTU = 1280;

/** Checks what the schema cannot: throws `bad-request`. */
export function validateRequest(request: EndpointRequest, { routers, device }: Pick<EndpointDatapath, 'routers' | 'device'>): void {
  if (request.mac !== undefined && !isUnicastMac(request.mac)) {
    throw new DomainError('bad-request', `create endpoint: mac ${request.mac} is not a unicast address`);
  }
  if (request.mac !== undefined && request.device === undefined && device.mode === 'netkit') {
    throw new DomainError(
      'bad-request',
      `create endpoint: mac ${request.mac} is asked for, and a netkit of layer 3 has none; bpf.datapathMode netkit-l2 or veth has`,
    );
  }
  if (routers.ipv6 !== undefined && request.mtu !== undefined && request.mtu < IPV6_MIN_MTU) {
    throw new DomainError('bad-request', `create endpoint: mtu ${request.mtu} is too small for ipv6, which needs ${IPV6_MIN_MTU}`);
  }
}

/** What the node adds to a request. */
export interface Reserved {
  readonly id: number;
  readonly addresses: EndpointAddresses;
  /** The node's MTU, for requests without one. */
  readonly mtu: number;
  readonly deviceMode: DeviceMode;
  readonly createdAt: Date;
  readonly createdOn: BootTime;
}

/** The endpoint of a request, in state `creating`, without a device yet. */
export function newEndpoint(request: EndpointRequest, reserved: Reserved): Endpoint {
  const device = request.device === undefined && reserved.deviceMode !== 'veth' ? reserved.deviceMode : undefined;
  const newMac = () => (device === 'netkit' ? NO_MAC : randomMac());
  return {
    containerId: request.containerId,
    ifname: request.ifname,
    id: reserved.id,
    state: 'creating',
    netns: request.netns,
    pod: request.pod,
    ...(request.network === undefined ? {} : { network: request.network }),
    identity: reservedIdentity.INIT,
    labels: labelsOf(request.pod),
    ...reserved.addresses,
    hostIfname: request.device?.hostIfname ?? hostIfname(request),
    hostIfindex: 0,
    hostMac: request.device?.hostMac ?? newMac(),
    mac: request.mac ?? newMac(),
    mtu: request.mtu ?? reserved.mtu,
    ...(device === undefined ? {} : { device }),
    ...(request.device === undefined ? {} : { chained: true }),
    ...(request.viaStack === true ? { viaStack: true } : {}),
    createdAt: reserved.createdAt.toISOString(),
    createdOn: reserved.createdOn,
  };
}

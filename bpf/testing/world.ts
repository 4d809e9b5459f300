import { type DeviceValue, endpointFlag, monitorAggregation } from '../layout.generated.ts';
import { mac, mapped } from './bytes.ts';
import { Frame } from './frame.ts';

/** A pod of the tests' node. */
export interface TestPod {
  readonly id: number;
  readonly ifindex: number;
  readonly identity: number;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly mac: string;
  readonly nodeMac: string;
  readonly mtu: number;
}

const pod = (id: number, ifindex: number, mtu = 1500): TestPod => ({
  id,
  ifindex,
  identity: 1000 + id,
  ipv4: `10.0.0.${id}`,
  ipv6: `fd00::${id}`,
  mac: `02:00:00:00:01:0${id}`,
  nodeMac: `02:00:00:00:02:0${id}`,
  mtu,
});

/** BPF_PROG_TEST_RUN runs programs on the loopback device, ifindex 1: the pod behind it is the one that sends and receives. */
export const self = pod(5, 1);
export const neighbour = pod(7, 77);
/** A pod with a small MTU. */
export const narrow = pod(8, 78, 1300);
export const pods = [self, neighbour, narrow];

export const router = { ipv4: '10.0.0.1', ipv6: 'fd00::1' };
export const node = { ipv4: '192.0.2.10', ipv6: '2001:db8::10' };
export const host = { ifindex: 100, mac: '02:00:00:00:00:aa', netIfindex: 101 };

/** An address in the pods' range that nobody has. */
export const nobody = { ipv4: '10.0.0.99', ipv6: 'fd00::99' };
export const outside = { ipv4: '198.51.100.1', ipv6: '2001:db8:1::1' };

/** The settings with which programs are loaded. */
export const settings = {
  cfg_host_ifindex: host.ifindex,
  cfg_host_mac: mac(host.mac),
  cfg_net_ifindex: host.netIfindex,
  cfg_router4: mapped(router.ipv4),
  cfg_router6: mapped(router.ipv6),
  cfg_monitor_aggregation: monitorAggregation.MEDIUM,
  cfg_preemptible: 0,
} as const;

export const deviceOf = (from: TestPod): DeviceValue => ({
  identity: from.identity,
  id: from.id,
  flags: 0,
  ipv4: mapped(from.ipv4),
  ipv6: mapped(from.ipv6),
  mac: mac(from.mac),
  nodeMac: mac(from.nodeMac),
  mtu: from.mtu,
  policyRevision: 0,
});

/** Address → value, for axo_endpoints. */
export function endpointEntries() {
  const common = { flags: 0, pad: undefined };
  const local = pods.flatMap(({ ipv4, ipv6, ifindex, identity, id, mtu, ...macs }) =>
    [ipv4, ipv6].map((text) => ({
      key: { addr: mapped(text) },
      value: { ifindex, identity, id, mtu, flags: common.flags, mac: mac(macs.mac), nodeMac: mac(macs.nodeMac), policyRevision: 0 },
    })),
  );
  const own = [router.ipv4, router.ipv6, node.ipv4, node.ipv6].map((text) => ({
    key: { addr: mapped(text) },
    value: {
      ifindex: 0,
      identity: 1,
      id: 0,
      mtu: 0,
      flags: endpointFlag.HOST,
      mac: mac(host.mac),
      nodeMac: mac(host.mac),
      policyRevision: 0,
    },
  }));
  return [...local, ...own];
}

/** A frame as `from` sends it to its next hop. */
export const sentBy = (from: TestPod): Frame => new Frame().eth(from.mac, from.nodeMac);
/** A frame as `to` receives it from its next hop. */
export const receivedBy = (to: TestPod): Frame => new Frame().eth(to.nodeMac, to.mac);

// Made by bpf/gen/generate.ts from the BTF of dist/bpf/*.o: do not edit.
import { bytes, type LayoutValue, scalar, struct, u8, u16, u32, u64, zero } from '../native/bpf/layout.ts';

/** struct device_key */
export const deviceKey = struct('device_key', 4, {
  ifindex: u32(0),
});
export type DeviceKey = LayoutValue<typeof deviceKey>;

/** struct device_value */
export const deviceValue = struct('device_value', 72, {
  identity: u32(0),
  id: u16(4),
  flags: u16(6),
  ipv4: bytes(8, 16),
  ipv6: bytes(24, 16),
  mac: bytes(40, 6),
  nodeMac: bytes(46, 6),
  mtu: u32(52),
  policyRevision: u32(56),
  pad: zero(60, 12),
});
export type DeviceValue = LayoutValue<typeof deviceValue>;

/** struct endpoint_key */
export const endpointKey = struct('endpoint_key', 16, {
  addr: bytes(0, 16),
});
export type EndpointKey = LayoutValue<typeof endpointKey>;

/** struct endpoint_value */
export const endpointValue = struct('endpoint_value', 40, {
  ifindex: u32(0),
  identity: u32(4),
  id: u16(8),
  flags: u16(10),
  mtu: u32(12),
  mac: bytes(16, 6),
  nodeMac: bytes(22, 6),
  policyRevision: u32(28),
  pad: zero(32, 8),
});
export type EndpointValue = LayoutValue<typeof endpointValue>;

/** struct ipcache_key */
export const ipcacheKey = struct('ipcache_key', 20, {
  prefixlen: u32(0),
  addr: bytes(4, 16),
});
export type IpcacheKey = LayoutValue<typeof ipcacheKey>;

/** struct ipcache_value */
export const ipcacheValue = struct('ipcache_value', 24, {
  identity: u32(0),
  tunnelEndpoint: bytes(4, 16),
  flags: u16(20),
  pad: zero(22, 2),
});
export type IpcacheValue = LayoutValue<typeof ipcacheValue>;

/** struct metrics_key */
export const metricsKey = struct('metrics_key', 4, {
  reason: u8(0),
  direction: u8(1),
  file: u8(2),
  pad: zero(3, 1),
});
export type MetricsKey = LayoutValue<typeof metricsKey>;

/** struct metrics_value */
export const metricsValue = struct('metrics_value', 16, {
  packets: u64(0),
  bytes: u64(8),
});
export type MetricsValue = LayoutValue<typeof metricsValue>;

/** struct packet_event */
export const packetEvent = struct('packet_event', 176, {
  version: u8(0),
  type: u8(1),
  size: u16(2),
  cpu: u16(4),
  reason: u16(6),
  time: u64(8),
  point: u8(16),
  file: u8(17),
  line: u16(18),
  direction: u8(20),
  family: u8(21),
  captureLength: u16(22),
  ifindex: u32(24),
  length: u32(28),
  sourceIdentity: u32(32),
  destinationIdentity: u32(36),
  sourceId: u32(40),
  destinationId: u32(44),
  capture: bytes(48, 128),
});
export type PacketEvent = LayoutValue<typeof packetEvent>;

/** struct rate_key */
export const rateKey = struct('rate_key', 8, {
  ifindex: u32(0),
  kind: u8(4),
  part: u8(5),
  pad: zero(6, 2),
});
export type RateKey = LayoutValue<typeof rateKey>;

/** struct rate_value */
export const rateValue = struct('rate_value', 8, {
  due: u64(0),
});
export type RateValue = LayoutValue<typeof rateValue>;

/** struct scratch_value */
export const scratchValue = struct('scratch_value', 512, {
  bytes: bytes(0, 512),
});
export type ScratchValue = LayoutValue<typeof scratchValue>;

/** struct settings_value */
export const settingsValue = struct('settings_value', 8, {
  trace: u32(0),
  pad: zero(4, 4),
});
export type SettingsValue = LayoutValue<typeof settingsValue>;

/** enum device_flag */
export const deviceFlag = {
  STACK: 1,
  CHAINED: 2,
} as const;
export type DeviceFlag = keyof typeof deviceFlag;

/** enum direction */
export const direction = {
  INGRESS: 1,
  EGRESS: 2,
  HOST: 3,
} as const;
export type Direction = keyof typeof direction;

/** enum drop_reason */
export const dropReason = {
  FORWARDED: 0,
  UNKNOWN_DEVICE: 1,
  VLAN: 2,
  UNSUPPORTED_ETHERTYPE: 3,
  INVALID_PACKET: 4,
  INVALID_LAYER4: 5,
  INVALID_EXTENSION: 6,
  INVALID_ADDRESS: 7,
  SPOOFED_MAC: 8,
  SPOOFED_SOURCE: 9,
  INVALID_ARP: 10,
  UNKNOWN_NEIGHBOUR: 11,
  FORBIDDEN_ICMPV6: 12,
  TTL_EXCEEDED: 13,
  TOO_BIG: 14,
  MULTICAST: 15,
  LINK_LOCAL: 16,
  NO_ENDPOINT: 17,
  NOT_FOR_ENDPOINT: 18,
  UNREACHABLE: 19,
  BLACKHOLE: 20,
  PROHIBITED: 21,
  FORWARDING_DISABLED: 22,
  ROUTE_LOOKUP: 23,
  WRITE: 24,
  ROUTER_SOLICITATION: 32,
  MULTICAST_LISTENER: 33,
  DUPLICATE_ADDRESS: 34,
  NEIGHBOUR_ANNOUNCED: 35,
  HOST_MULTICAST: 36,
  TINY_FRAGMENT: 37,
  FRAGMENTED_DISCOVERY: 38,
  SOURCE_ROUTE: 39,
  MARTIAN_SOURCE: 40,
  MARTIAN_DESTINATION: 41,
  LOCAL_SOURCE: 42,
  BUSY: 43,
  ICMP_LIMITED: 253,
  EVENT_LIMITED: 254,
  EVENT_LOST: 255,
} as const;
export type DropReason = keyof typeof dropReason;

/** enum endpoint_flag */
export const endpointFlag = {
  HOST: 1,
  STACK: 2,
  CHAINED: 4,
} as const;
export type EndpointFlag = keyof typeof endpointFlag;

/** enum event_type */
export const eventType = {
  DROP: 1,
  TRACE: 2,
} as const;
export type EventType = keyof typeof eventType;

/** enum event_version */
export const eventVersion = {
  CURRENT: 2,
} as const;
export type EventVersion = keyof typeof eventVersion;

/** enum monitor_aggregation */
export const monitorAggregation = {
  NONE: 0,
  LOW: 1,
  MEDIUM: 2,
  MAXIMUM: 3,
} as const;
export type MonitorAggregation = keyof typeof monitorAggregation;

/** enum rate_kind */
export const rateKind = {
  DROP_EVENT: 1,
  TRACE_EVENT: 2,
  ICMP_TOO_BIG: 3,
  ICMP_OTHER: 4,
} as const;
export type RateKind = keyof typeof rateKind;

/** enum reserved_identity */
export const reservedIdentity = {
  UNKNOWN: 0,
  HOST: 1,
  WORLD: 2,
  INIT: 5,
} as const;
export type ReservedIdentity = keyof typeof reservedIdentity;

/** enum source_file */
export const sourceFile = {
  UNKNOWN: 0,
  FROM_CONTAINER: 1,
  TO_CONTAINER: 2,
  FROM_HOST: 3,
  TO_HOST: 4,
  FROM_NETDEV: 5,
  TO_NETDEV: 6,
  PARSE: 32,
  ARP: 33,
  NEIGHBOUR: 34,
  DELIVER: 35,
  ROUTE: 36,
  ICMP: 37,
  EVENTS: 38,
  EXTENSIONS: 39,
  ND_GUARD: 40,
  VERDICT: 41,
} as const;
export type SourceFile = keyof typeof sourceFile;

/** enum trace_point */
export const tracePoint = {
  NONE: 0,
  TO_ENDPOINT: 1,
  TO_HOST: 2,
  TO_STACK: 3,
  TO_NETWORK: 4,
  FROM_ENDPOINT: 5,
  FROM_HOST: 6,
  FROM_STACK: 7,
  FROM_NETWORK: 8,
} as const;
export type TracePoint = keyof typeof tracePoint;

/** What each drop reason means, from bpf/lib/drop.h. */
export const dropReasonText: Readonly<Record<DropReason, string>> = {
  FORWARDED: 'not a drop: the packet was passed on',
  UNKNOWN_DEVICE: 'the device has no endpoint (yet, or any more)',
  VLAN: 'a pod sent a frame with a VLAN tag, or a host outside more than four priority tags',
  UNSUPPORTED_ETHERTYPE: 'neither IPv4, IPv6 nor ARP',
  INVALID_PACKET: 'shorter than its headers say, or a wrong version or header length',
  INVALID_LAYER4: 'ends inside the ports or the ICMP type',
  INVALID_EXTENSION: 'IPv6 extension headers that are cut short, too many or too long',
  INVALID_ADDRESS: 'an IPv4-mapped address inside an IPv6 header',
  SPOOFED_MAC: 'a pod used a source MAC that is not its own',
  SPOOFED_SOURCE: 'a pod used a source address that is not its own',
  INVALID_ARP: 'ARP that is not Ethernet over IPv4, or an answer sent by a pod',
  UNKNOWN_NEIGHBOUR: "ARP or ND question for an address that is not the router's",
  FORBIDDEN_ICMPV6: 'a router advertisement, redirect or ill-formed ND message from a pod',
  TTL_EXCEEDED: 'TTL or hop limit ended; the sender gets "time exceeded"',
  TOO_BIG: 'bigger than the MTU of the way on; the sender gets "fragmentation needed" or "packet too big"',
  MULTICAST: 'multicast or broadcast, which does not leave a pod',
  LINK_LOCAL: 'to an IPv6 link-local address, which is not forwarded',
  NO_ENDPOINT: 'an address of the node\'s pod range that no endpoint has; the sender gets "host unreachable"',
  NOT_FOR_ENDPOINT: "left the node by a pod's device without being addressed to the pod",
  UNREACHABLE: 'an unreachable route; the sender gets "host unreachable"',
  BLACKHOLE: 'a blackhole route',
  PROHIBITED: 'a prohibit route; the sender gets "administratively prohibited"',
  FORWARDING_DISABLED: "the node's own device does not forward (sysctl forwarding)",
  ROUTE_LOOKUP: 'the kernel refused the route lookup for another reason',
  WRITE: "the packet's headers could not be made writable",
  ROUTER_SOLICITATION: 'quiet: a pod asked for router advertisements; its routes are static',
  MULTICAST_LISTENER: 'quiet: a pod reported the multicast groups that it listens to',
  DUPLICATE_ADDRESS: 'quiet: a pod asked whether its own address is taken; silence means no',
  NEIGHBOUR_ANNOUNCED: 'quiet: a pod announced its own address by ARP or ND',
  HOST_MULTICAST: "quiet: the node's own multicast or discovery on an axoneme device",
  TINY_FRAGMENT: 'a first fragment without its whole layer 4 header, or a later one that would overwrite it',
  FRAGMENTED_DISCOVERY: 'neighbour or multicast listener discovery in a fragment',
  SOURCE_ROUTE: 'an IPv4 source route option or an IPv6 routing header of type 0',
  MARTIAN_SOURCE: 'a source that no host has on a wire: 0/8, 127/8, ::, ::1, multicast; to a pod also link-local',
  MARTIAN_DESTINATION: 'to 0/8, 127/8, :: or ::1, which are valid inside a host only',
  LOCAL_SOURCE: 'from outside, with the address of a pod of this node or of the node itself',
  BUSY: "other programs use all of the processor's working memory (PREEMPT_RT)",
  ICMP_LIMITED: "not a drop: the packet's sender got no ICMP error, having used up its rate of them",
  EVENT_LIMITED: 'not a drop: an event was not sent, its source having used up its rate of them',
  EVENT_LOST: 'not a drop: the ring buffer had no room for an event',
};

/** The shared maps, pinned by name. `type` as enum bpf_map_type, in camel case. */
export const maps = {
  axo_devices: {
    name: 'axo_devices',
    type: 'hash',
    maxEntries: 16384,
    flags: 1,
    key: deviceKey,
    value: deviceValue,
  },
  axo_endpoints: {
    name: 'axo_endpoints',
    type: 'hash',
    maxEntries: 65536,
    flags: 1,
    key: endpointKey,
    value: endpointValue,
  },
  axo_events: {
    name: 'axo_events',
    type: 'ringBuffer',
    maxEntries: 1048576,
    flags: 0,
  },
  axo_ipcache: {
    name: 'axo_ipcache',
    type: 'lpmTrie',
    maxEntries: 512000,
    flags: 1,
    key: ipcacheKey,
    value: ipcacheValue,
  },
  axo_metrics: {
    name: 'axo_metrics',
    type: 'perCpuHash',
    maxEntries: 1024,
    flags: 0,
    key: metricsKey,
    value: metricsValue,
  },
  axo_packet: {
    name: 'axo_packet',
    type: 'perCpuArray',
    maxEntries: 4,
    flags: 0,
  },
  axo_rates: {
    name: 'axo_rates',
    type: 'lruHash',
    maxEntries: 8192,
    flags: 0,
    key: rateKey,
    value: rateValue,
  },
  axo_scratch: {
    name: 'axo_scratch',
    type: 'perCpuArray',
    maxEntries: 4,
    flags: 0,
    key: scalar('u32', u32),
    value: scratchValue,
  },
  axo_scratch_use: {
    name: 'axo_scratch_use',
    type: 'hash',
    maxEntries: 4096,
    flags: 0,
    key: scalar('u32', u32),
    value: scalar('u32', u32),
  },
  axo_settings: {
    name: 'axo_settings',
    type: 'array',
    maxEntries: 1,
    flags: 0,
    key: scalar('u32', u32),
    value: settingsValue,
  },
} as const;
export type MapName = keyof typeof maps;

/** Read-only settings of every object: set all of them before the load. Units and meaning: bpf/lib/settings.h. */
export type DatapathSettings = {
  readonly cfg_host_ifindex: number;
  readonly cfg_host_mac: Uint8Array /* 6 bytes */;
  readonly cfg_net_ifindex: number;
  readonly cfg_router4: Uint8Array /* 16 bytes */;
  readonly cfg_router6: Uint8Array /* 16 bytes */;
  readonly cfg_monitor_aggregation: number;
  readonly cfg_preemptible: number;
};

/** The object files below dist/bpf, without ending. */
export const objects = ['from_container', 'from_host', 'from_netdev', 'to_container', 'to_host', 'to_netdev'] as const;

/** Programs, and the object that holds each. */
export const programs = {
  axo_from_container: { object: 'from_container', section: 'tc' },
  axo_from_host: { object: 'from_host', section: 'tc' },
  axo_from_l3dev: { object: 'from_netdev', section: 'tc' },
  axo_from_netdev: { object: 'from_netdev', section: 'tc' },
  axo_to_container: { object: 'to_container', section: 'tc' },
  axo_to_host: { object: 'to_host', section: 'tc' },
  axo_to_netdev: { object: 'to_netdev', section: 'tc' },
} as const;
export type ProgramName = keyof typeof programs;

import * as z from 'zod/mini';
import { CONTAINER_ID_MAX } from '../cni/env.ts';
import { apiErrorCodes } from './error-codes.ts';
import type * as api from './types.ts';

/**
 * The daemon API's bodies as run-time schemas: the daemon checks requests with them, and the OpenAPI document is generated from them.
 * Every schema is tied to its type in `types.ts` by `satisfies`, so that the two cannot drift apart.
 *
 * `zod/mini` on purpose: the full entry point costs the daemon 12 MB of resident memory for methods that we do not use.
 */

const text = (description: string, max = 4096) => z.string().check(z.maxLength(max), z.describe(description));
const count = (description: string) => z.int().check(z.gte(0), z.describe(description));
const decimal = (description: string) => z.string().check(z.regex(/^[0-9]+$/), z.describe(description));

/** CNI specification 1.1.0, section 2, "Parameters": what CNI_CONTAINERID may look like. */
const containerId = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/), z.maxLength(CONTAINER_ID_MAX), z.describe('CNI_CONTAINERID'));

/** A device name as the kernel takes it (`dev_valid_name`, net/core/dev.c): 1 to 15 bytes, no slash, colon or white space, not a dot name. */
const ifname = z.string().check(z.regex(/^(?!\.{1,2}$)[^\s/:%]{1,15}$/), z.describe('device name'));

const mac = (description: string) => z.string().check(z.regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/), z.describe(description));
const address = z.string().check(z.regex(/^[0-9a-fA-F.:]{2,45}$/), z.describe('IPv4 or IPv6 address without prefix length'));
const mtu = z.int().check(z.gte(68), z.lte(65535), z.describe('bytes of the IP packet'));
const identity = z.int().check(z.gte(0), z.lte(0xffffffff), z.describe('numeric security identity'));
const viaStack = z.exactOptional(z.boolean().check(z.describe("packets go through the node's stack both ways")));
const table = z.int().check(z.gte(1), z.lte(0xffffffff), z.describe('routing table in the pod'));
const netnsIdentity = z.exactOptional(z.string().check(z.regex(/^[0-9]+:[0-9]+$/), z.describe('dev:ino of the network namespace')));
const network = z.string().check(z.minLength(1), z.maxLength(512), z.describe('name of the network'));
const routers = z.strictObject({ ipv4: z.exactOptional(address), ipv6: z.exactOptional(address) });

export const attachmentKey = z.strictObject({ containerId, ifname }) satisfies z.ZodMiniType<api.AttachmentKey>;

export const disconnectRequest = z.strictObject({
  containerId,
  ifname,
  netns: z.exactOptional(text('CNI_NETNS of the DEL')),
}) satisfies z.ZodMiniType<api.DisconnectRequest>;

export const checkRequest = z.strictObject({ containerId, ifname, netnsIdentity }) satisfies z.ZodMiniType<api.CheckRequest>;

export const podIdentity = z.strictObject({
  namespace: text('Kubernetes namespace, empty outside Kubernetes', 253),
  name: text('pod name', 253),
  uid: text('pod uid', 253),
}) satisfies z.ZodMiniType<api.PodIdentity>;

/** A pool, named like an object of Kubernetes. */
export const poolName = z.string().check(z.minLength(1), z.maxLength(253));

export const endpointRequest = z.strictObject({
  containerId,
  ifname,
  netns: z.string().check(z.minLength(1), z.maxLength(4096), z.describe('CNI_NETNS')),
  netnsIdentity,
  pod: podIdentity,
  network: z.exactOptional(network),
  pool: z.exactOptional(poolName),
  addresses: z.exactOptional(z.array(address).check(z.maxLength(2))),
  mac: z.exactOptional(mac("MAC for the container's side")),
  mtu: z.exactOptional(mtu),
  external: z.exactOptional(z.boolean().check(z.describe('another plugin gives the addresses, with the device'))),
  device: z.exactOptional(z.strictObject({ hostIfname: ifname, hostMac: mac('MAC of the host side') })),
  viaStack,
}) satisfies z.ZodMiniType<api.EndpointRequest>;

const endpointAddress = z.strictObject({ address, pool: z.string() });

export const deviceReport = z.strictObject({
  hostIfindex: z.int().check(z.gte(1), z.lte(0x7fffffff), z.describe('ifindex of the host side')),
  addresses: z.exactOptional(z.array(endpointAddress).check(z.maxLength(2))),
  table: z.exactOptional(table),
}) satisfies z.ZodMiniType<api.DeviceReport>;

/** The `{id}` of a path, as text: 1 to 65535. */
export const endpointId = z.int().check(z.gte(1), z.lte(65535), z.describe('endpoint id'));

const bootTime = z.strictObject({
  bootId: text('/proc/sys/kernel/random/boot_id', 36),
  us: z.number().check(z.describe('microseconds of CLOCK_MONOTONIC')),
});

export const endpoint = z.strictObject({
  containerId,
  ifname,
  id: endpointId,
  state: z.enum(['creating', 'ready', 'restoring', 'disconnecting', 'disconnected']),
  netns: text('CNI_NETNS of the ADD'),
  pod: podIdentity,
  network: z.exactOptional(network),
  identity,
  labels: z.array(z.string()),
  ipv4: z.exactOptional(endpointAddress),
  ipv6: z.exactOptional(endpointAddress),
  hostIfname: ifname,
  hostIfindex: count('0 until the device exists'),
  hostMac: mac('MAC of the host side'),
  mac: mac("MAC of the container's side"),
  mtu,
  device: z.exactOptional(z.enum(['netkit', 'netkit-l2']).check(z.describe('kind of the pair, a veth pair when absent'))),
  chained: z.exactOptional(z.boolean().check(z.describe("the device is another plugin's"))),
  viaStack,
  table: z.exactOptional(table),
  createdAt: text('ISO 8601', 40),
  createdOn: z.exactOptional(bootTime),
}) satisfies z.ZodMiniType<api.Endpoint>;

export const endpointPlan = z.strictObject({
  endpoint,
  routers,
  attach: z.strictObject({
    kind: z.enum(['tcx', 'clsact', 'netkit']).check(z.describe('how the programs are attached')),
    fromContainer: text('bpffs path of the pinned axo_from_container'),
    toContainer: text('bpffs path of the pinned axo_to_container'),
    links: text("bpffs folder for this endpoint's links"),
  }),
}) satisfies z.ZodMiniType<api.EndpointPlan>;

export const checkReport = z.strictObject({ endpoint, problems: z.array(z.string()) }) satisfies z.ZodMiniType<api.CheckReport>;

export const apiError = z.strictObject({
  code: z.enum(apiErrorCodes),
  message: z.string(),
  details: z.exactOptional(z.string()),
}) satisfies z.ZodMiniType<api.ApiError>;

export const health = z.strictObject({
  state: z.enum(['ok', 'degraded', 'starting']),
  problems: z.array(z.string()),
  addressProblems: z.exactOptional(z.array(z.string())),
  warnings: z.exactOptional(z.array(z.string())),
  version: z.string(),
}) satisfies z.ZodMiniType<api.Health>;

export const ipamStatus = z.strictObject({
  mode: z.enum(['cluster-pool', 'multi-pool']),
  pools: z.array(
    z.strictObject({
      name: z.string(),
      family: z.union([z.literal(4), z.literal(6)]),
      cidrs: z.array(z.string()),
      allocated: count('addresses in use'),
      capacity: decimal('usable addresses; decimal text, a /64 has more than 2^53'),
    }),
  ),
  addresses: z.array(z.strictObject({ address, owner: z.string(), pool: z.string() })),
}) satisfies z.ZodMiniType<api.IpamStatus>;

const metricRow = z.strictObject({
  reason: z.string(),
  direction: z.enum(['ingress', 'egress', 'host']),
  packets: decimal('packets'),
  bytes: decimal('bytes'),
}) satisfies z.ZodMiniType<api.MetricRow>;

export const status = z.strictObject({
  health,
  node: z.string(),
  ipam: ipamStatus,
  datapath: z.strictObject({
    deviceMode: z.enum(['veth', 'netkit', 'netkit-l2']),
    deviceReason: text('why it is that mode'),
    attachMode: z.enum(['TCX', 'Legacy TC']),
    attachReason: text('why it is that mode'),
    routing: z.string(),
    devices: z.array(z.string()),
    routers,
    mtu,
    kernel: z.string(),
  }),
  endpoints: z.strictObject({
    ready: count('endpoints in state ready'),
    total: count('attachments'),
    disconnected: count('endpoints whose DEL was answered and whose device is not gone yet'),
  }),
  burials: z.strictObject({
    endpoints: count('endpoints whose device was deleted'),
    batches: count('batches in which that was done'),
    waiting: count('endpoints that wait for the next batch'),
  }),
  drops: z.array(metricRow),
  forwarded: z.array(metricRow),
  daemon: z.strictObject({ pid: count('process id'), startedAt: text('ISO 8601', 40), residentBytes: count('bytes') }),
}) satisfies z.ZodMiniType<api.Status>;

export const bpfEndpointRow = z.strictObject({
  address,
  localhost: z.boolean(),
  id: count('endpoint id, 0 for the node itself'),
  identity,
  ifindex: count('ifindex of the host side'),
  mac: mac("MAC of the container's side"),
  nodeMac: mac('MAC of the host side'),
  flags: count('bit set of the map value'),
  mtu: count('bytes of the IP packet'),
}) satisfies z.ZodMiniType<api.BpfEndpointRow>;

export const bpfIpcacheRow = z.strictObject({
  prefix: z.string(),
  identity,
  tunnelEndpoint: z.string(),
  flags: count('bit set of the map value'),
}) satisfies z.ZodMiniType<api.BpfIpcacheRow>;

/** A problem that a schema found, with the place of it. */
interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly [detail: string]: unknown;
}

/**
 * One line for people about why a body was refused: `containerId: does not match /.../; pod: expected object`.
 * `zod/mini` ships without message texts, so the words are ours.
 */
export function describeIssues(issues: readonly unknown[]): string {
  return issues.map((issue) => describeIssue(issue as Issue)).join('; ');
}

function describeIssue(issue: Issue): string {
  const path = issue.path.map(String).join('.');
  return path === '' ? explain(issue) : `${path}: ${explain(issue)}`;
}

function explain(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${String(issue['expected'])}`;
    case 'invalid_format':
      return `does not match ${String(issue['pattern'])}`;
    case 'unrecognized_keys':
      return `unknown field ${(issue['keys'] as string[]).join(', ')}`;
    case 'too_big':
      return `at most ${String(issue['maximum'])} allowed`;
    case 'too_small':
      return `at least ${String(issue['minimum'])} needed`;
    default:
      return issue.message.toLowerCase();
  }
}

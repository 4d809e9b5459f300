import type { Pod } from '../lab/pod.ts';
import { type Attachment, attachmentOf } from './attachment.ts';
import { type Network, parseNetwork } from './network.ts';
import type { Result } from './result.ts';
import type { Runtime } from './runtime.ts';

/*
 * What container runtimes do with a pod around libcni, as recorded from containerd 1.6.20 and 2.1.9 and podman 4.3.1 at work, and read in CRI-O's
 * source. A plugin must live with all of them.
 */

/** Runtimes whose ways {@link runPod} knows. */
export type RuntimeName = 'containerd' | 'cri-o' | 'podman';

/** What a pod's specification may ask of its network. */
export interface PodWishes {
  /** Kubernetes namespace (default `default`) */
  readonly namespace?: string;
  /** published ports; podman and containerd hand them to plugins, CRI-O publishes them itself */
  readonly ports?: readonly { readonly host: number; readonly container: number; readonly protocol?: string; readonly hostIp?: string }[];
  /** bits per second; the bursts are the runtime's own */
  readonly bandwidth?: { readonly ingress: number; readonly egress: number };
  readonly dns?: { readonly servers?: readonly string[]; readonly searches?: readonly string[]; readonly options?: readonly string[] };
  readonly cgroupPath?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Ways {
  /** go-cni's types have no JSON names for fields inside `runtimeConfig`: keys begin with a capital there */
  readonly capitalKeys: boolean;
  readonly burst: number;
  readonly publishesPorts: boolean;
  /** sets `lo` up through the `loopback` plugin, at the same time as the pod's network */
  readonly callsLoopback: boolean;
  readonly checksAfterAdd: boolean;
  readonly validatesFirst: boolean;
  /** DELs once more when the sandbox is removed: no namespace, and no previous result, as the first DEL took it from the cache */
  readonly deletesTwice: boolean;
}

const WAYS: Readonly<Record<RuntimeName, Ways>> = {
  containerd: {
    capitalKeys: true,
    burst: 4_294_967_295,
    publishesPorts: true,
    callsLoopback: true,
    checksAfterAdd: false,
    validatesFirst: false,
    deletesTwice: true,
  },
  'cri-o': {
    capitalKeys: false,
    burst: 8 * 2 ** 32 - 9,
    publishesPorts: false,
    callsLoopback: false,
    checksAfterAdd: true,
    validatesFirst: true,
    deletesTwice: false,
  },
  podman: {
    capitalKeys: false,
    burst: 4_294_967_295,
    publishesPorts: true,
    callsLoopback: false,
    checksAfterAdd: false,
    validatesFirst: true,
    deletesTwice: false,
  },
};

/** What pods were run with: a runtime knows it again at the end. */
const wishesOf = new WeakMap<Pod, PodWishes>();

/** containerd's second, built-in network (go-cni); the pod's `lo` is its CNI_IFNAME. */
const LOOPBACK = parseNetwork('{"cniVersion":"0.3.1","name":"cni-loopback","plugins":[{"type":"loopback"}]}', 'the loopback network');

/**
 * Attaches a pod the way a certain runtime does: its CNI_ARGS in random order, its capability arguments, its extra calls. After a failure the runtime
 * DELs the attachment and ignores what comes of it, and the failure is thrown. Throws CniError and what {@link Runtime.add} throws.
 */
export async function runPod(runtime: Runtime, network: Network, pod: Pod, as: RuntimeName, wishes: PodWishes = {}): Promise<Result> {
  const ways = WAYS[as];
  wishesOf.set(pod, wishes);
  const attachment = attachmentFor(pod, as, wishes);
  if (ways.validatesFirst) await runtime.validate(network);
  try {
    const loopback = ways.callsLoopback ? [runtime.add(LOOPBACK, { ...attachment, ifname: 'lo', capabilityArgs: {} })] : [];
    const [added, ...others] = await Promise.allSettled([runtime.add(network, attachment), ...loopback]);
    for (const call of [...others, added]) if (call.status === 'rejected') throw call.reason;
    if (ways.checksAfterAdd) await runtime.check(network, attachment);
    return (added as PromiseFulfilledResult<Result>).value;
  } catch (error) {
    await stopPod(runtime, network, pod, as).catch(() => undefined);
    throw error;
  }
}

/** Detaches a pod the way a certain runtime does, with the wishes that it was run with. Its namespace is still there for the first DEL. Throws CniError. */
export async function stopPod(runtime: Runtime, network: Network, pod: Pod, as: RuntimeName): Promise<void> {
  const attachment = attachmentFor(pod, as, wishesOf.get(pod) ?? {});
  const loopback = { ...attachment, ifname: 'lo', capabilityArgs: {} };
  const deletes = WAYS[as].deletesTwice ? [attachment, { ...attachment, netns: '' }] : [attachment];
  for (const each of deletes) {
    if (WAYS[as].callsLoopback) await runtime.del(LOOPBACK, { ...loopback, netns: each.netns });
    await runtime.del(network, each);
  }
}

/**
 * Environment that a runtime adds to plugins, for {@link RuntimeOptions.env}. containerd's LD_LIBRARY_PATH ends with a colon, which makes the current
 * directory part of it.
 */
export function runtimeEnvironment(as: RuntimeName): Record<string, string> {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  if (as !== 'containerd') return { PATH: path };
  return { PATH: `/opt/containerd/bin:${path}`, LD_LIBRARY_PATH: '/opt/containerd/lib:' };
}

function attachmentFor(pod: Pod, as: RuntimeName, wishes: PodWishes): Attachment {
  const capabilityArgs = capabilitiesFor(WAYS[as], wishes);
  return attachmentOf(pod, { args: shuffled(argsFor(pod, as, wishes)), capabilityArgs });
}

function argsFor(pod: Pod, as: RuntimeName, { namespace = 'default' }: PodWishes): [string, string][] {
  if (as === 'podman') return Object.entries({ IgnoreUnknown: '1', K8S_POD_NAME: pod.name });
  return Object.entries({
    IgnoreUnknown: '1',
    K8S_POD_NAMESPACE: namespace,
    K8S_POD_NAME: pod.name,
    K8S_POD_INFRA_CONTAINER_ID: pod.containerId,
    K8S_POD_UID: `${pod.containerId.slice(0, 8)}-0000-4000-8000-${pod.containerId.slice(8, 20)}`,
  });
}

/** Go walks a map in random order. */
function shuffled(pairs: readonly [string, string][]): Record<string, string> {
  return Object.fromEntries(
    pairs
      .map((pair) => ({ pair, at: Math.random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ pair }) => pair),
  );
}

function capabilitiesFor(ways: Ways, wishes: PodWishes): Record<string, unknown> {
  const { ports = [], bandwidth, dns, cgroupPath, annotations } = wishes;
  const spell = (row: Record<string, unknown>) => (ways.capitalKeys ? capitalised(row) : row);
  const published = ports.map(({ host, container, protocol = 'tcp', hostIp = '' }) =>
    spell({ hostPort: host, containerPort: container, protocol, hostIP: hostIp }),
  );
  return {
    ...(published.length > 0 && ways.publishesPorts ? { portMappings: published } : {}),
    ...(bandwidth === undefined ? {} : { bandwidth: spell(rates(bandwidth, ways.burst)) }),
    ...(dns === undefined ? {} : { dns: spell({ servers: dns.servers, searches: dns.searches, options: dns.options }) }),
    ...(cgroupPath === undefined ? {} : { cgroupPath }),
    ...(annotations === undefined ? {} : { 'io.kubernetes.cri.pod-annotations': annotations }),
  };
}

function rates({ ingress, egress }: { readonly ingress: number; readonly egress: number }, burst: number): Record<string, unknown> {
  return { ingressRate: ingress, ingressBurst: burst, egressRate: egress, egressBurst: burst };
}

function capitalised(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [`${key.charAt(0).toUpperCase()}${key.slice(1)}`, value]));
}

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BpfEndpointRow, BpfIpcacheRow, Endpoint, Health, IpamStatus, Status } from '../conf/api/types.ts';
import { paths } from '../conf/paths.ts';
import { run } from './program.ts';

/** Bodies as a daemon with three pods sends them; used by the tests of this folder only. */
export const health: Health = { state: 'ok', problems: [], version: '0.1.0' };

export const ipam: IpamStatus = {
  mode: 'cluster-pool',
  pools: [
    { name: 'default', family: 4, cidrs: ['172.20.42.0/29', '172.20.42.8/29'], allocated: 3, capacity: '12' },
    { name: 'default', family: 6, cidrs: ['fd00::/120'], allocated: 2, capacity: '255' },
  ],
  addresses: [
    { address: '172.20.42.1', owner: 'router', pool: 'default' },
    { address: '172.20.42.2', owner: 'default/web-1', pool: 'default' },
    { address: '172.20.42.9', owner: 'f00dcafe', pool: 'default' },
    { address: 'fd00::1', owner: 'router', pool: 'default' },
    { address: 'fd00::2', owner: 'default/web-1', pool: 'default' },
  ],
};

export const web: Endpoint = {
  id: 331,
  containerId: '3f1c0de5c0ffee',
  ifname: 'eth0',
  state: 'ready',
  netns: '/run/netns/web-1',
  pod: { namespace: 'default', name: 'web-1', uid: 'u1' },
  identity: 46404,
  labels: ['k8s:io.kubernetes.pod.namespace=default', 'k8s:app=web'],
  ipv4: { address: '172.20.42.2', pool: 'default' },
  ipv6: { address: 'fd00::2', pool: 'default' },
  hostIfname: 'lxc72aa2e79d2',
  hostIfindex: 9,
  hostMac: '36:3b:39:72:d9:5d',
  mac: '86:20:27:47:66:28',
  mtu: 1500,
  createdAt: '2026-11-21T14:00:00.000Z',
};

export const bare: Endpoint = {
  id: 3424,
  containerId: 'f00dcafe',
  ifname: 'eth0',
  state: 'creating',
  netns: '/run/netns/bare',
  pod: { namespace: '', name: '', uid: '' },
  identity: 3,
  labels: [],
  ipv4: { address: '172.20.42.9', pool: 'default' },
  hostIfname: 'lxc49adfa975a',
  hostIfindex: 0,
  hostMac: 'aa:aa:aa:aa:aa:02',
  mac: 'aa:aa:aa:aa:aa:01',
  mtu: 1450,
  createdAt: '2026-11-21T14:00:01.000Z',
};

export const status: Status = {
  health,
  node: 'node-1',
  ipam,
  datapath: {
    deviceMode: 'netkit',
    deviceReason: 'auto: Linux 6.12.0 has netkit',
    attachMode: 'TCX',
    attachReason: 'Linux 6.18.44 has tcx links',
    routing: 'Network: Native   Host: BPF',
    devices: ['eth0'],
    routers: { ipv4: '172.20.42.1', ipv6: 'fd00::1' },
    mtu: 1500,
    kernel: '6.12.0',
  },
  endpoints: { ready: 1, total: 2, disconnected: 1 },
  burials: { endpoints: 40, batches: 3, waiting: 1 },
  drops: [{ reason: 'Invalid source ip', direction: 'egress', packets: '3', bytes: '252' }],
  forwarded: [
    { reason: 'Success', direction: 'ingress', packets: '1234', bytes: '123456' },
    { reason: 'Success', direction: 'egress', packets: '18446744073709551615', bytes: '9' },
  ],
  daemon: { pid: 4711, startedAt: '2026-11-21T13:59:00.000Z', residentBytes: 61_440_000 },
};

export const bpfEndpoints: readonly BpfEndpointRow[] = [
  {
    address: '10.0.0.10',
    localhost: true,
    id: 0,
    identity: 1,
    ifindex: 0,
    mac: '00:00:00:00:00:00',
    nodeMac: '00:00:00:00:00:00',
    flags: 1,
    mtu: 0,
  },
  {
    address: '172.20.42.2',
    localhost: false,
    id: 331,
    identity: 46404,
    ifindex: 9,
    mac: web.mac,
    nodeMac: web.hostMac,
    flags: 0,
    mtu: 1500,
  },
  { address: 'fd00::2', localhost: false, id: 331, identity: 46404, ifindex: 9, mac: web.mac, nodeMac: web.hostMac, flags: 0, mtu: 1500 },
];

export const bpfIpcache: readonly BpfIpcacheRow[] = [
  { prefix: '0.0.0.0/0', identity: 2, tunnelEndpoint: '', flags: 0 },
  { prefix: '172.20.42.2/32', identity: 46404, tunnelEndpoint: '192.168.0.2', flags: 16 },
];

export const config = {
  ipam: {
    mode: 'cluster-pool',
    operator: { clusterPoolIPv4PodCIDRList: ['10.0.0.0/8'], clusterPoolIPv4MaskSize: 24, autoCreateCiliumPodIPPools: {} },
  },
  ipv6: { enabled: false },
  devices: [],
  MTU: 0,
};

/** Answers by path, as the daemon would; a function answers for itself. */
export const bodies: Readonly<Record<string, unknown>> = {
  '/v1/healthz': health,
  '/v1/status': status,
  '/v1/ipam': ipam,
  '/v1/config': config,
  '/v1/endpoints': [web, bare],
  '/v1/endpoints/331': web,
  '/v1/bpf/endpoints': bpfEndpoints,
  '/v1/bpf/ipcache': bpfIpcache,
};

/** What a command line did. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A daemon's socket under a root of its own, and the command line against it. */
export interface FakeDaemon extends AsyncDisposable {
  readonly root: string;
  readonly socket: string;
  axoneme(...argv: string[]): Promise<Ran>;
}

/** Runs a command line in this process. */
export async function axoneme(argv: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  let [stdout, stderr] = ['', ''];
  const code = await run(argv, {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env,
  });
  return { code, stdout, stderr };
}

/** Serves the bodies, changed by `changes`, on a Unix socket; `raw` answers everything. */
export async function fakeDaemon(
  changes: Readonly<Record<string, unknown>> = {},
  raw?: { readonly status: number; readonly text: string },
): Promise<FakeDaemon> {
  const root = await mkdtemp(join(tmpdir(), 'axoneme-cli-'));
  const { socket, runDir } = paths(root);
  await mkdir(runDir, { recursive: true });
  const all: Record<string, unknown> = { ...bodies, ...changes };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const body = all[path] ?? { code: 'not-found', message: `find endpoint ${path.split('/').at(-1)}: none` };
    response.statusCode = raw?.status ?? (path in all ? 200 : 404);
    response.end(raw?.text ?? JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    root,
    socket,
    axoneme: (...argv) => axoneme(argv, { AXONEME_ROOT: root }),
    [Symbol.asyncDispose]: () => stop(server, root),
  };
}

async function stop(server: Server, root: string): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(root, { recursive: true });
}

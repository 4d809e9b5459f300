import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EchoStream, expectNoChange, ping, tcpEcho, udpEcho } from '../../test-harness/index.ts';
import { ContainerdNode } from '../fixtures/runtime/containerd-node.ts';
import type { CriPod } from '../fixtures/runtime/cri-pod.ts';
import { GREETING } from '../fixtures/runtime/image.ts';
import type { State } from '../fixtures/runtime/node.ts';

/* A real containerd with real runc containers, driven through the CRI as kubelet does it, on a node where docs/containerd.md was followed. */

const CONFLIST = '/etc/cni/net.d/05-axoneme.conflist';

const site = new ContainerdNode();
/** NetworkReady before each step of the guide since containerd runs */
let readyWhile: readonly boolean[];
/** the node before its first pod */
let before: State;

beforeAll(async () => {
  readyWhile = await site.install();
  before = await site.state();
});

/** What a failed test leaves must not fail the next. */
afterEach(() => site.clear());

afterAll(() => site[Symbol.asyncDispose]());

async function expectNothingLeft(): Promise<void> {
  const after = await site.state();
  expectNoChange(before.node, after.node);
  expect(after.tables).toEqual(before.tables);
}

/** Greetings from container to container, and probes between the network namespaces, over both families. */
async function expectReachable(from: CriPod, to: CriPod): Promise<void> {
  for (const address of await to.reportedAddresses()) expect(await from.inContainer('/bin/pod', 'get', address)).toBe(GREETING);
  for (const family of [4, 6] as const) {
    expect(await ping(from, to, { family })).toMatchObject({ reached: true });
    expect(await tcpEcho(from, to, { family })).toMatchObject({ reached: true });
    expect(await udpEcho(from, to, { family })).toMatchObject({ reached: true });
  }
}

/** Puts another network configuration into the place of the one that is there, and waits until containerd has it: `mark` is then in it, or is not. */
async function useConflist(text: string, mark: string, isThere = true): Promise<void> {
  await site.node.writeFile('/etc/cni/net.d/.new', text);
  await site.node.run(['mv', '/etc/cni/net.d/.new', CONFLIST]);
  await expect.poll(async () => (await site.containerd.networkConfig()).includes(mark)).toBe(isThere);
}

it('makes the node ready when the conflist is in its place, not before', async () => {
  expect(readyWhile).toEqual([false, false, false]);
  await expect.poll(() => site.containerd.networkReady()).toMatchObject({ status: true });
});

it('gives a pod the addresses that the CRI reports, and nothing is left after its two DELs', async () => {
  const pod = await site.containerd.runPod('web');
  const reported = await pod.reportedAddresses();
  const [row] = await site.endpoints();
  expect(row).toMatchObject({ containerId: pod.id, state: 'ready', pod: { name: 'web', namespace: 'default' } });
  expect(reported).toEqual([row?.ipv4?.address, row?.ipv6?.address]);
  const inside = `${row?.ipv4?.address}/32\n${row?.ipv6?.address}/128\n`;
  expect(await pod.inContainer('/bin/pod', 'addresses')).toBe(inside);
  await site.containerd.cri.call('StopPodSandbox', { pod_sandbox_id: pod.id });
  await expectNothingLeft();
  await site.containerd.cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
  const log = site.daemon.stderr.split('\n').filter((line) => line.includes('"verb":"DEL"') && line.includes(pod.id));
  expect(log.map((line) => JSON.parse(line).msg)).toEqual(['deleted', 'nothing to delete']);
  await expectNothingLeft();
});

it('lets pods reach each other over both families', async () => {
  const [a, b] = await Promise.all([site.containerd.runPod('a'), site.containerd.runPod('b')]);
  await expectReachable(a, b);
  await expectReachable(b, a);
  await Promise.all([a.remove(), b.remove()]);
  await expectNothingLeft();
});

it('serves six pods at once', async () => {
  const pods = await Promise.all(Array.from({ length: 6 }, (_, i) => site.containerd.runPod(`many-${i}`)));
  const addresses = await Promise.all(pods.map((pod) => pod.reportedAddresses()));
  expect(new Set(addresses.flat()).size).toBe(12);
  await Promise.all(pods.map((pod) => pod.remove()));
  await expectNothingLeft();
});

describe("what containerd passes on in capital letters, and a pod's annotations", () => {
  it('reach the plugin: the result has the DNS settings of the pod', async () => {
    const dns_config = { servers: ['10.0.0.1'], searches: ['pods.example'], options: ['ndots:2'] };
    const pod = await site.containerd.runPod('dns', { dns_config });
    expect(await pod.resultDns()).toContainEqual({ nameservers: ['10.0.0.1'], search: ['pods.example'], options: ['ndots:2'] });
    await pod.remove();
  });

  it('reach the plugin: a pool that there is none of is refused by name, and nothing is left', async () => {
    const annotations = { 'ipam.cilium.io/ip-pool': 'blue' };
    await expect(site.containerd.runPod('blue', { annotations })).rejects.toThrow('allocate from pool blue: no such pool');
    await expectNothingLeft();
  });
});

it('runs a pod that wants a host port and a bandwidth, without them', async () => {
  const annotations = { 'kubernetes.io/egress-bandwidth': '1M' };
  const pod = await site.containerd.runPod('wants', { annotations, port_mappings: [{ container_port: 80, host_port: 8080 }] });
  expect(await pod.reportedAddresses()).toHaveLength(2);
  await pod.remove();
});

it('keeps the second attempt at a pod apart from the first, whose DELs come late', async () => {
  const first = await site.containerd.runPod('web');
  await site.containerd.cri.call('StopPodSandbox', { pod_sandbox_id: first.id });
  const second = await site.containerd.runPod('web', site.containerd.sandboxConfig('web', 1));
  await site.containerd.cri.call('RemovePodSandbox', { pod_sandbox_id: first.id });
  expect((await site.endpoints()).map(({ containerId }) => containerId)).toEqual([second.id]);
  expect(await ping(site.node, second)).toMatchObject({ reached: true });
});

it('takes a new conflist for new pods, and deletes pods of the old one with it', async () => {
  const old = await site.containerd.runPod('old');
  const conflist = JSON.parse(await site.node.readFile(CONFLIST));
  const changed = { ...conflist, plugins: [{ ...conflist.plugins[0], mtu: 1400 }] };
  for (const [content, mtu] of [
    [changed, 1400],
    [conflist, 1500],
  ] as const) {
    await useConflist(JSON.stringify(content), '1400', mtu === 1400);
    const pod = await site.containerd.runPod('new');
    using netlink = await pod.netlink();
    expect((await netlink.links.get('eth0')).mtu).toBe(mtu);
    await (mtu === 1400 ? old : pod).remove();
    await site.clear();
  }
  await expectNothingLeft();
});

describe('while the daemon is away', () => {
  it('the node is not ready, where containerd asks by STATUS, which it does from 2.0 on', async () => {
    const { runtime_version: version = '' } = await site.containerd.cri.call('Version', {});
    const asks = Number.parseInt(version.replace(/^v/, ''), 10) >= 2;
    await site.stopDaemon();
    const { status, message } = await site.containerd.networkReady();
    expect(status).toBe(!asks);
    if (asks) expect(message).toContain('ask axoneme daemon');
    await site.startDaemon();
    expect(await site.containerd.networkReady()).toMatchObject({ status: true });
  });

  it('a new pod is refused with a reason, an old one goes all the same, and later nothing is left', async () => {
    const old = await site.containerd.runPod('old');
    const other = await site.containerd.runPod('other');
    await site.stopDaemon();
    await expect(site.containerd.runPod('new')).rejects.toThrow(/ask axoneme daemon .*: it is not running/);
    await expectReachable(old, other);
    await old.remove();
    await other.remove();
    await site.startDaemon();
    await expectNothingLeft();
  });
});

it('undoes an ADD whose plugin containerd kills because kubelet gave up', async () => {
  site.daemon.signal('SIGSTOP');
  const config = site.containerd.sandboxConfig('late');
  await expect(site.containerd.cri.call('RunPodSandbox', { config }, 1000)).rejects.toThrow('no answer after 1000 ms');
  site.daemon.signal('SIGCONT');
  // containerd takes the namespace away when its DEL has ended
  await expect.poll(() => site.node.listFolder('/run/netns')).toEqual([]);
  await expectNothingLeft();
  await (await site.containerd.runPod('late')).remove();
});

describe.each(['SIGTERM', 'SIGKILL'] as const)('a containerd that is started again after %s', (signal) => {
  it('finds its pods, whose connections lost nothing, and can end them', async () => {
    const [a, b] = [await site.containerd.runPod('a'), await site.containerd.runPod('b')];
    const addresses = await a.reportedAddresses();
    const streams = await Promise.all(([4, 6] as const).map((family) => EchoStream.open(a, b, { family })));
    await site.containerd.restart(signal);
    expect(await a.reportedAddresses()).toEqual(addresses);
    await expectReachable(a, b);
    for (const stream of streams) {
      const report = await stream.stop();
      expect(report).not.toHaveProperty('failure');
      expect(report.echoed).toBe(report.sent);
    }
    await a.remove();
    await b.remove();
    await expectNothingLeft();
  });
});

describe('after a reboot', () => {
  it('starts with nothing, and the DELs of the pods of before do not touch the new ones', async () => {
    // a fresh start, so that the next one gives out the same addresses again
    await site.reboot();
    const old = [await site.containerd.runPod('a'), await site.containerd.runPod('b')];
    const addresses = await Promise.all(old.map((pod) => pod.reportedAddresses()));
    await site.reboot();
    const { cri } = site.containerd;
    expect(await site.endpoints()).toEqual([]);
    const listed = (await cri.call('ListPodSandbox', {})).items ?? [];
    expect(new Map(listed.map(({ id, state }) => [id, state]))).toEqual(new Map(old.map(({ id }) => [id, 1])));
    const fresh = [await site.containerd.runPod('c'), await site.containerd.runPod('d')] as const;
    expect(await Promise.all(fresh.map((pod) => pod.reportedAddresses()))).toEqual(addresses);
    for (const { id } of old) await site.containerd.removePod(id);
    expect((await site.endpoints()).map(({ containerId }) => containerId)).toEqual(fresh.map(({ id }) => id));
    await expectReachable(...fresh);
    for (const pod of fresh) await pod.remove();
    await expectNothingLeft();
  });
});

/* Last, because portmap leaves its chains, and the node forwards from here on. */
it('opens the host port of a pod over both families, with the conflist that the guide gives for that', async () => {
  const chained = site.conflistOf('docs/containerd.md');
  await site.node.run(['ln', '-sf', '/usr/lib/cni/portmap', '/opt/cni/bin/portmap']);
  await site.node.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
  await useConflist(chained, '"portmap"');
  const server = await site.containerd.runPod('server', { port_mappings: [{ container_port: 80, host_port: 80 }] });
  const client = await site.containerd.runPod('client');
  const routers = await site.routers();
  expect(routers).toHaveLength(2);
  for (const address of routers) expect(await client.inContainer('/bin/pod', 'get', address)).toBe(GREETING);
  await Promise.all([server.remove(), client.remove()]);
});

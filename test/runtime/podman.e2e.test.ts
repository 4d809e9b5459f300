import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { expectNoChange, ping, tcpEcho } from '../../test-harness/index.ts';
import { GREETING } from '../fixtures/runtime/image.ts';
import type { State } from '../fixtures/runtime/node.ts';
import { Container, PodmanNode } from '../fixtures/runtime/podman-node.ts';

/* A real podman with its CNI backend, on a node where docs/podman.md was followed. */

const site = new PodmanNode();
let networks: string | undefined;
/** the node before its first container */
let before: State;

beforeAll(async () => {
  networks = await site.install();
  before = await site.state();
});

beforeEach(({ skip }) => skip(networks === undefined, 'this podman has no CNI backend'));

afterEach(async () => networks === undefined || site.clear());

afterAll(() => site[Symbol.asyncDispose]());

async function expectNothingLeft(): Promise<void> {
  const after = await site.state();
  expectNoChange(before.node, after.node);
  expect(after.tables).toEqual(before.tables);
}

/** What podman, the container and axoneme say of its addresses must be the same. */
async function addressesOf(container: Container): Promise<[ipv4: string, ipv6: string]> {
  const { IPAddress = '', GlobalIPv6Address = '', MacAddress } = (await container.attachment()) ?? {};
  expect(await container.pod('addresses')).toBe(`${IPAddress}/32\n${GlobalIPv6Address}/128`);
  const row = (await site.endpoints()).find(({ containerId }) => containerId === container.id);
  expect(row).toMatchObject({ state: 'ready', mac: MacAddress, ipv4: { address: IPAddress }, ipv6: { address: GlobalIPv6Address } });
  return [IPAddress, GlobalIPv6Address];
}

it('knows the network', () => {
  expect(networks).toMatch(/ axoneme +axoneme-cni\n/);
});

it('runs containers that reach each other over both families, and leaves nothing of them', async () => {
  const [a, b] = [await site.run('a'), await site.run('b', '--network', 'axoneme')];
  await addressesOf(a);
  for (const address of await addressesOf(b)) expect(await a.pod('get', address)).toBe(GREETING.trim());
  for (const family of [4, 6] as const) {
    expect(await ping(a, b, { family })).toMatchObject({ reached: true });
    expect(await tcpEcho(b, a, { family })).toMatchObject({ reached: true });
  }
  await site.clear();
  await expectNothingLeft();
});

it('names a container without a namespace', async () => {
  await site.run('alone');
  expect((await site.endpoints())[0]).toMatchObject({ pod: { name: 'alone', namespace: '' }, labels: ['reserved:init'] });
  const { addresses } = await site.axoneme<{ addresses: { owner: string }[] }>('ipam', 'list');
  expect(addresses.map(({ owner }) => owner)).toContain('alone');
});

it('gives the address and the MAC that were asked for, once', async () => {
  const asked = await site.run('asked', '--network', 'axoneme:ip=10.0.0.77,mac=02:00:00:00:00:77');
  expect((await addressesOf(asked))[0]).toBe('10.0.0.77');
  expect(await asked.attachment()).toMatchObject({ MacAddress: '02:00:00:00:00:77' });
  expect((await site.tryRun('second', '--network', 'axoneme:ip=10.0.0.77')).stderr).toMatch(/10\.0\.0\.77/);
});

it('disconnects and connects a running container', async () => {
  const container = await site.run('moved');
  await site.podman('network', 'disconnect', 'axoneme', 'moved');
  await expectNothingLeftBut(container);
  await site.podman('network', 'connect', 'axoneme', 'moved');
  await addressesOf(container);
  expect(await ping(site.node, container)).toMatchObject({ reached: true });
});

/** Its namespace is still there, and nothing else. */
async function expectNothingLeftBut(container: Container): Promise<void> {
  expect((await site.state()).tables).toEqual(before.tables);
  expect(await container.addresses()).toEqual([]);
}

it('restarts a container', async () => {
  await site.run('again');
  await site.podman('restart', '--time', '0', 'again');
  const again = await Container.of(site, 'again');
  await addressesOf(again);
  expect(await site.endpoints()).toHaveLength(1);
  await site.clear();
  await expectNothingLeft();
});

it('tells why there is no new container while the daemon is away, and removes an old one', async () => {
  await site.run('old');
  await site.stopDaemon();
  expect((await site.tryRun('new')).stderr).toMatch(/ask axoneme daemon .*: it is not running/);
  await site.podman('rm', '--all', '--force', '--time', '0');
  await site.startDaemon();
  await expectNothingLeft();
});

it('starts a container again after a reboot', async () => {
  await site.run('kept');
  await site.reboot();
  expect(await site.endpoints()).toEqual([]);
  await site.podman('start', 'kept');
  await addressesOf(await Container.of(site, 'kept'));
  await site.clear();
  await expectNothingLeft();
});

/* Last, because portmap leaves its chains, and the node forwards from here on. */
it('publishes a port over both families, with the conflist that the guide to containerd gives for that', async () => {
  await site.node.writeFile('/etc/cni/net.d/05-axoneme.conflist', site.conflistOf('docs/containerd.md'));
  await site.node.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
  const client = await site.run('client');
  await site.run('server', '--publish', '80:80');
  for (const address of await site.routers()) expect(await client.pod('get', address)).toBe(GREETING.trim());
});

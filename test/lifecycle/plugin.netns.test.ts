import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostIfname } from '../../conf/names.ts';
import type { Pod } from '../../test-harness/index.ts';
import { refuse } from '../fixtures/fake-daemon.ts';
import { type Books, FakeDaemonNode } from '../fixtures/fake-daemon-node.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';

let stage: FakeDaemonNode;
let pod: Pod;
let before: Books;
let count = 0;

sharedFixture(async () => {
  stage = await FakeDaemonNode.create();
  return stage;
});

beforeEach(async () => {
  pod = await stage.node.addPod(`p${++count}`);
  before = await stage.books();
});

afterEach(async () => {
  await stage.node.removePod(pod);
  await stage.stopDaemon();
  await stage.startDaemon();
  await stage.node.remove('/run/axoneme/delete-queue');
});

interface IpLink {
  readonly ifname: string;
  readonly address: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly addr_info: readonly { local: string; prefixlen: number; scope: string; tentative?: boolean }[];
}

const ip = async (where: { run(argv: string[]): Promise<string> }, ...argv: string[]): Promise<unknown> =>
  JSON.parse((await where.run(['ip', '-j', ...argv])) || '[]');

const addresses = async (where: { run(argv: string[]): Promise<string> }, name: string): Promise<IpLink> => {
  const [link] = (await ip(where, 'addr', 'show', 'dev', name)) as IpLink[];
  if (!link) throw new Error(`no ${name}`);
  return link;
};

const host = (): string => hostIfname({ containerId: pod.containerId, ifname: 'eth0' });

/** Name of the program that a pinned link of the pod holds. bpftool's exit status says nothing: 7.5 prints the link and then fails. */
async function programOf(hook: string): Promise<string> {
  const path = `/sys/fs/bpf/axoneme/v1/links/${host()}/${hook}`;
  const link = JSON.parse((await stage.node.exec(['bpftool', '-j', 'link', 'show', 'pinned', path])).stdout) as { prog_id: number };
  const program = await stage.node.run(['bpftool', '-j', 'prog', 'show', 'id', `${link.prog_id}`]);
  return (JSON.parse(program) as { name: string }).name;
}

describe('an attachment', () => {
  test('has exactly what the result says, passes CHECK, and leaves nothing after DEL', async () => {
    const { code, answer, stderr } = await stage.call('ADD', pod);
    expect([code, stderr]).toEqual([0, '']);
    expect(answer).toEqual({
      cniVersion: '1.1.0',
      interfaces: [
        { name: host(), mac: '02:00:00:00:01:01', mtu: 1500 },
        { name: 'eth0', mac: '02:00:00:00:02:01', mtu: 1500, sandbox: pod.netnsPath },
      ],
      ips: [
        { address: '10.9.0.2/32', gateway: '10.9.0.1', interface: 1 },
        { address: 'fd09::2/128', gateway: 'fd09::1', interface: 1 },
      ],
      routes: [
        { dst: '10.9.0.1/32', scope: 253 },
        { dst: '0.0.0.0/0', gw: '10.9.0.1' },
        { dst: 'fd09::1/128' },
        { dst: '::/0', gw: 'fd09::1' },
      ],
    });

    const eth0 = await addresses(pod, 'eth0');
    expect(eth0).toMatchObject({ address: '02:00:00:00:02:01', mtu: 1500, flags: expect.arrayContaining(['UP']) });
    const global = eth0.addr_info.filter(({ scope }) => scope === 'global');
    expect(global.map(({ local, prefixlen, tentative }) => [local, prefixlen, tentative])).toEqual([
      ['10.9.0.2', 32, undefined],
      ['fd09::2', 128, undefined],
    ]);
    expect(await ip(pod, '-4', 'route')).toMatchObject([
      { dst: 'default', gateway: '10.9.0.1', dev: 'eth0' },
      { dst: '10.9.0.1', dev: 'eth0', scope: 'link' },
    ]);
    expect(await ip(pod, '-6', 'route', 'show', 'default')).toMatchObject([{ gateway: 'fd09::1', dev: 'eth0' }]);
    expect((await pod.run(['cat', '/proc/sys/net/ipv6/conf/eth0/accept_ra'])).trim()).toBe('0');

    const outer = await addresses(stage.node, host());
    expect(outer).toMatchObject({ address: '02:00:00:00:01:01', mtu: 1500, addr_info: [] });
    expect((await stage.node.run(['cat', `/sys/class/net/${host()}/ifalias`])).trim()).toBe(`axoneme:${pod.containerId}:eth0`);
    expect([await programOf('ingress'), await programOf('egress')]).toEqual(['axo_from_container', 'axo_to_container']);

    expect(await stage.call('CHECK', pod, { prevResult: answer })).toMatchObject({ code: 0, answer: undefined });
    expect(await stage.call('DEL', pod, { prevResult: answer })).toMatchObject({ code: 0, answer: undefined, stderr: '' });
    expect(await stage.call('DEL', pod, {}, { CNI_NETNS: '' })).toMatchObject({ code: 0, answer: undefined });
    expect(await stage.books()).toEqual(before);
    expect(await ip(pod, 'link')).toMatchObject([{ ifname: 'lo' }]);
  });

  test('gets IPv6 in a namespace where it was switched off', async () => {
    await pod.run(['sh', '-c', 'for f in all default; do echo 1 > /proc/sys/net/ipv6/conf/$f/disable_ipv6; done']);
    expect((await stage.call('ADD', pod)).code).toBe(0);
    expect((await addresses(pod, 'eth0')).addr_info.map(({ local }) => local)).toContain('fd09::2');
    await stage.call('DEL', pod);
  });

  test('gets the MTU and MAC asked for, under a name with a dot', async () => {
    const conf = { mtu: 1400, runtimeConfig: { mac: '02:AB:00:00:00:09' } };
    expect((await stage.call('ADD', pod, conf, { CNI_IFNAME: 'net.5' })).code).toBe(0);
    expect(await addresses(pod, 'net.5')).toMatchObject({ mtu: 1400, address: '02:ab:00:00:00:09' });
    await stage.call('DEL', pod, {}, { CNI_IFNAME: 'net.5' });
    expect(await stage.books()).toEqual(before);
  });

  test('goes with DEL after its namespace is gone', async () => {
    await stage.call('ADD', pod);
    await stage.node.removePod(pod);
    expect((await stage.call('DEL', pod)).code).toBe(0);
    expect(await stage.books()).toEqual(before);
    pod = await stage.node.addPod(pod.name);
  });

  test('whose device was left by an earlier life is made anew', async () => {
    await stage.call('ADD', pod);
    stage.daemon.endpoints.clear();
    const { code, answer } = await stage.call('ADD', pod);
    expect(code).toBe(0);
    expect((await stage.call('CHECK', pod, { prevResult: answer })).code).toBe(0);
    await stage.call('DEL', pod);
    expect(await stage.books()).toEqual(before);
  });
});

describe('ADD', () => {
  test('refuses an interface name that the pod has, and touches nothing', async () => {
    await pod.run(['ip', 'link', 'add', 'eth0', 'type', 'bridge']);
    const inPod = await ip(pod, 'link');
    expect(await stage.call('ADD', pod)).toMatchObject({ code: 1, answer: { code: 107, msg: expect.stringContaining('eth0') } });
    expect(await stage.books()).toEqual(before);
    expect(await ip(pod, 'link')).toEqual(inPod);
  });

  test.each([
    ['no such file', '/run/netns/none', 8],
    ['no namespace', '/etc/hostname', 8],
    ['a namespace of another kind', '/proc/self/ns/mnt', 8],
    ['its own namespace', '/proc/self/ns/net', 8],
    ['no path', 'netns/x', 4],
  ])('refuses a CNI_NETNS that is %s', async (_, path, code) => {
    expect(await stage.call('ADD', pod, {}, { CNI_NETNS: path })).toMatchObject({
      code: 1,
      answer: { code, msg: expect.stringContaining(path) },
    });
    expect(stage.daemon.seen).toEqual([]);
    expect(await stage.books()).toEqual(before);
  });

  test.each<[string, string, ReturnType<typeof refuse>, number]>([
    ['the pool is full', 'POST /v1/endpoints', refuse(503, 'pool-exhausted', 'allocate address: range is full'), 100],
    ['the attachment is live', 'POST /v1/endpoints', refuse(409, 'exists'), 102],
    ['another ADD is under way', 'POST /v1/endpoints', refuse(409, 'busy'), 11],
    ['the maps are full', 'PUT /v1/endpoints/:id/device', refuse(500, 'internal'), 999],
    ['the daemon finds fault', 'PUT /v1/endpoints/:id/ready', refuse(400, 'bad-request'), 7],
    ['the daemon dies half-way', 'PUT /v1/endpoints/:id/device', (request) => request.socket.destroy(), 11],
    ['the daemon talks rubbish', 'PUT /v1/endpoints/:id/ready', (_, response) => void response.end('<html>'), 999],
    ['a plan makes no sense', 'POST /v1/endpoints', (_, response) => void response.end('{"endpoint":{}}'), 999],
  ])('leaves nothing when %s', async (_, route, answer, code) => {
    stage.daemon.instead.set(route, answer);
    expect(await stage.call('ADD', pod)).toMatchObject({ code: 1, answer: { code } });
    expect(await stage.books()).toEqual(before);
    expect(await ip(pod, 'link')).toMatchObject([{ ifname: 'lo' }]);
  });

  test('leaves nothing when a program cannot be attached', async () => {
    await stage.node.run(['mv', '/sys/fs/bpf/axoneme/v1/progs/axo_to_container', '/sys/fs/bpf/axoneme/v1/progs/aside']);
    try {
      expect(await stage.call('ADD', pod)).toMatchObject({
        code: 1,
        answer: { code: 105, msg: expect.stringContaining('axo_to_container') },
      });
    } finally {
      await stage.node.run(['mv', '/sys/fs/bpf/axoneme/v1/progs/aside', '/sys/fs/bpf/axoneme/v1/progs/axo_to_container']);
    }
    expect(await stage.books()).toEqual(before);
  });

  test('says that the daemon is away', async () => {
    await stage.stopDaemon();
    const { code, answer } = await stage.call('ADD', pod);
    expect([code, answer?.['code']]).toEqual([1, 11]);
  });

  test('ends its connection when it is killed, so that the daemon can undo', async () => {
    const asked = new Promise<void>((resolve) => stage.daemon.instead.set('PUT /v1/endpoints/:id/device', () => resolve()));
    const ended = new Promise<void>((resolve) => {
      stage.daemon.onDisconnect = resolve;
    });
    const call = stage.call('ADD', pod);
    await asked;
    const search = 'for p in /proc/[0-9]*; do grep -qa axoneme-cni-test.cjs $p/cmdline && basename $p; done; true';
    const pids = await stage.node.run(['sh', '-c', search]);
    for (const pid of pids.trim().split('\n')) await stage.node.exec(['kill', '-9', pid]);
    await ended;
    await call.catch(() => undefined);
    await stage.call('DEL', pod);
    expect((await stage.books()).devices).toEqual(before.devices);
  });
});

describe('DEL', () => {
  test('succeeds for a pod that was never added', async () => {
    expect(await stage.call('DEL', pod)).toMatchObject({ code: 0, answer: undefined });
    expect(await stage.books()).toEqual(before);
  });

  test.each(['away', 'starting', 'rubbish'])('removes device and links and leaves a record when the daemon is %s', async (how) => {
    await stage.call('ADD', pod);
    if (how === 'away') await stage.stopDaemon();
    else if (how === 'starting') stage.daemon.instead.set('POST /v1/endpoints/disconnect', refuse(503, 'starting'));
    else stage.daemon.instead.set('POST /v1/endpoints/disconnect', (_, response) => void response.end('rubbish'));
    expect((await stage.call('DEL', pod)).code).toBe(0);
    const { devices, links, queue } = await stage.books();
    expect({ devices, links, queue }).toEqual({ devices: before.devices, links: before.links, queue: [`${host()}.json`] });
    const record = JSON.parse(await stage.node.readFile(`/run/axoneme/delete-queue/${host()}.json`));
    expect(record).toMatchObject({ version: 1, containerId: pod.containerId, ifname: 'eth0' });
  });

  test('leaves a device of that name alone that is not ours', async () => {
    await stage.node.run(['ip', 'link', 'add', host(), 'type', 'veth', 'peer', 'name', 'other']);
    expect((await stage.call('DEL', pod)).code).toBe(0);
    expect((await stage.books()).devices).toContain(host());
    await stage.node.run(['ip', 'link', 'del', host()]);
  });
});

describe('CHECK', () => {
  test.each<[string, string, (pod: Pod) => Promise<unknown>]>([
    ['the address', 'address fd09::2/128 is gone', (one) => one.run(['ip', 'addr', 'del', 'fd09::2/128', 'dev', 'eth0'])],
    ['the default route', 'route 0.0.0.0/0 via 10.9.0.1 on eth0 is gone', (one) => one.run(['ip', 'route', 'del', 'default'])],
    ['the MTU', 'interface eth0 has MTU 1300, not 1500', (one) => one.run(['ip', 'link', 'set', 'eth0', 'mtu', '1300'])],
    [
      'the MAC',
      'interface eth0 has MAC 02:00:00:00:00:77',
      (one) => one.run(['ip', 'link', 'set', 'eth0', 'address', '02:00:00:00:00:77']),
    ],
    ['the interface', 'interface eth0 is gone', (one) => one.run(['ip', 'link', 'del', 'eth0'])],
    ['the host side', 'is down', () => stage.node.run(['ip', 'link', 'set', host(), 'down'])],
    ['a link', 'ingress program is gone or detached', () => stage.node.remove(`/sys/fs/bpf/axoneme/v1/links/${host()}/ingress`)],
  ])('finds out when somebody changed %s', async (_, problem, change) => {
    const { answer } = await stage.call('ADD', pod);
    await change(pod);
    const { code, answer: error } = await stage.call('CHECK', pod, { prevResult: answer });
    expect([code, error?.['code']]).toEqual([1, 103]);
    expect(`${error?.['msg']}\n${error?.['details']}`).toContain(problem);
    await stage.call('DEL', pod);
    expect(await stage.books()).toEqual(before);
  });
});

describe('STATUS', () => {
  test('is silent when the daemon is well, and 50 when it is away', async () => {
    expect(await stage.call('STATUS', undefined)).toMatchObject({ code: 0, answer: undefined });
    await stage.stopDaemon();
    const { answer } = await stage.call('STATUS', undefined);
    expect(answer).toMatchObject({ code: 50, msg: expect.stringContaining('not running') });
  });

  test('is 50 when the daemon does not answer', async () => {
    stage.daemon.instead.set('GET /v1/healthz', () => undefined);
    const { answer } = await stage.call('STATUS', undefined);
    expect(answer).toMatchObject({ code: 50, msg: expect.stringContaining('no answer within 50 ms') });
  });
});

describe('bad input', () => {
  test.each<[string, object | string, Record<string, string>, number]>([
    ['an empty stdin', '', {}, 6],
    ['a malformed stdin', '{"name":', {}, 6],
    ['an unknown version', { cniVersion: '9.9.9' }, {}, 1],
    ['an unknown key', { bridge: 'b0' }, {}, 2],
    ['a missing CNI_IFNAME', {}, { CNI_IFNAME: '' }, 4],
    ['a CNI_IFNAME that is too long', {}, { CNI_IFNAME: 'sixteen-bytes-xx' }, 4],
    ['an id with a slash', {}, { CNI_CONTAINERID: 'a/b' }, 4],
    ['an unknown CNI_COMMAND', {}, { CNI_COMMAND: 'ATTACH' }, 4],
  ])('is refused before anything is touched: %s', async (_, conf, env, code) => {
    const { code: status, answer } = await stage.call('ADD', pod, conf, env);
    expect([status, answer?.['code']]).toEqual([1, code]);
    expect(stage.daemon.seen).toEqual([]);
    expect(await stage.books()).toEqual(before);
  });
});

test.each(['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'])('speaks %s', async (cniVersion) => {
  const { code, answer } = await stage.call('ADD', pod, { cniVersion });
  expect({ code, answer }).toMatchObject({ code: 0, answer: { cniVersion } });
  expect(await stage.call('DEL', pod, { cniVersion, prevResult: answer })).toMatchObject({ code: 0, answer: undefined });
  expect(await stage.books()).toEqual(before);
});

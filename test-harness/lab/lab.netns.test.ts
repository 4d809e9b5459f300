import { readlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveFds } from '../../native/index.ts';
import {
  cgroup2Root,
  EchoStream,
  expectNoChange,
  HarnessError,
  Lab,
  type Machine,
  type NetworkNamespace,
  ping,
  snapshot,
  tcpEcho,
  udpEcho,
} from './testing.ts';

function inodeOf(at: NetworkNamespace): bigint {
  using netns = at.netns();
  return netns.inode;
}

describe('a lab of two nodes behind routers', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.create({
      nodes: { node1: {}, node2: {} },
      routers: { near: {}, far: {} },
      hosts: { outside: { sysctls: { 'net.ipv4.ip_default_ttl': '33' } } },
      links: [
        { between: ['node1', 'near'] },
        { between: ['node2', 'near'] },
        { between: ['near', 'far'], mtu: 1400 },
        { between: ['far', 'outside'], subnets: ['203.0.113.0/24', '2001:db8:ffff::/64'], names: ['down', 'up'] },
      ],
    });
  });
  afterAll(() => lab.close());

  it.each([4, 6] as const)('reaches the outside over IPv%i', async (family) => {
    const answers = await Promise.all(['node1', 'node2'].map((name) => ping(lab.machine(name), lab.machine('outside'), { family })));
    expect(answers.map((answer) => answer.reached)).toEqual([true, true]);
  });

  it('numbers links as asked, or by itself', async () => {
    expect(await lab.machine('outside').addresses()).toEqual(['203.0.113.2/24', '2001:db8:ffff::2/64']);
    expect(await lab.machine('node2').address(4)).toBe('198.18.1.1');
  });

  it('sets sysctls in that machine only', async () => {
    const ttl = (machine: Machine) => machine.run(['cat', '/proc/sys/net/ipv4/ip_default_ttl']);
    expect([await ttl(lab.machine('outside')), await ttl(lab.machine('far'))]).toEqual(['33\n', '64\n']);
  });

  it('routes an announced prefix to its machine', async () => {
    await lab.announce(lab.node('node2'), ['10.7.0.0/24', 'fd07::/64']);
    const route = await lab.machine('outside').run(['ip', 'route', 'get', '10.7.0.9']);
    expect(route).toContain('via 203.0.113.1');
    expect(await lab.machine('near').run(['ip', '-6', 'route', 'show', 'fd07::/64'])).toContain('via 2001:db8:1::1');
  });

  it('refuses names that are taken, wrong or unknown', async () => {
    await expect(lab.addHost('near')).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    await expect(lab.addHost('a/b')).rejects.toMatchObject({ code: 'BAD_NAME' });
    expect(() => lab.machine('x')).toThrow(HarnessError);
    expect(() => lab.node('near')).toThrow('find node near: it is a router');
  });
});

describe('a node', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.create({ nodes: { node1: {}, node2: {} } });
  });
  afterAll(() => lab.close());

  it('has network, mounts, processes, host name and cgroup of its own', async () => {
    const node = lab.node('node1');
    expect(readlinkSync(node.netnsFile)).not.toBe(readlinkSync('/proc/self/ns/net'));
    expect(await node.run(['hostname'])).toBe('node1\n');
    expect(await node.run(['ls', '/sys/class/net'])).toBe('lo\n');
    expect((await node.run(['cat', '/proc/self/cgroup'])).split('\n').find((line) => line.startsWith('0:'))).toBe('0::/');
    expect((await node.run(['ps', '-e', '-o', 'pid='])).trim().split(/\s+/)).toContain('1');
    expect(await node.listFolder('/run')).toEqual(['lock', 'mount', 'netns']);
    expect(await node.run(['stat', '-f', '-c', '%T', '/sys/fs/bpf'])).toBe('bpf_fs\n');
  });

  it('keeps what is written to /etc, /var, /opt and /run from everybody else', async () => {
    const [one, two] = [lab.node('node1'), lab.node('node2')];
    for (const file of ['/etc/cni/net.d/x', '/var/lib/cni/x', '/opt/cni/bin/x', '/run/x', '/var/run/y']) {
      await one.writeFile(file, 'mine');
      expect(await one.run(['cat', file])).toBe('mine');
      expect(await two.exists(file)).toBe(false);
    }
    expect(await one.readFile('/run/y')).toBe('mine');
    await one.remove('/run/x');
    expect(await one.listFolder('/run')).not.toContain('x');
  });

  it('has a scratch file for the kernel-wide grace period switch', async () => {
    const [one, two] = [lab.node('node1'), lab.node('node2')];
    await one.run(['sh', '-c', 'echo 1 > /sys/kernel/rcu_expedited']);
    expect(await one.readFile('/sys/kernel/rcu_expedited')).toBe('1\n');
    expect(await two.readFile('/sys/kernel/rcu_expedited')).toBe('0\n');
  });

  it('gives commands input and a clean environment, and tells how they ended', async () => {
    const node = lab.node('node1');
    process.env['AXOLAB_CANARY'] = 'x';
    expect(await node.run(['sh', '-c', 'cat; env'], { input: 'in ', env: { MINE: '1' } })).toMatch(/^in .*MINE=1/s);
    expect(await node.run(['env'])).not.toContain('AXOLAB_CANARY');
    expect(await node.exec(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toMatchObject({ code: 3, stdout: 'out\n', stderr: 'err\n' });
    expect(await node.exec(['sh', '-c', 'kill -TERM $$'])).toMatchObject({ code: null, signal: 'SIGTERM' });
    await expect(node.run(['sh', '-c', 'echo no >&2; exit 1'])).rejects.toThrow('on node1: exit status 1: no');
  });

  it('kills a command at its timeout', async () => {
    const result = await lab.node('node1').exec(['sleep', '60'], { timeout: 50 });
    expect(result).toMatchObject({ killed: true, signal: 'SIGKILL' });
    // long before its own end
    expect(result.duration).toBeLessThan(60_000);
    expect(await lab.node('node1').run(['ps', '-e', '-o', 'args='])).not.toContain('sleep 60');
  });

  it('runs services, tells their output and takes signals for them', async () => {
    const node = lab.node('node1');
    await using service = node.spawn(['sh', '-c', 'trap "echo bye; exit 7" TERM; echo up; while :; do sleep 0.05; done']);
    await service.waitForOutput(/up/);
    expect(await service.stop()).toEqual({ code: 7, signal: null });
    expect(service.stdout).toBe('up\nbye\n');
    expect(() => service.signal('SIGTERM')).toThrow('it is not running');
    await expect(service.waitForOutput(/never/)).rejects.toMatchObject({ code: 'SERVICE_FAILED' });
  });

  it('leaves no child of a killed service', async () => {
    const node = lab.node('node1');
    const service = node.spawn(['sh', '-c', 'sleep 61 & sleep 62 & echo up; wait']);
    await service.waitForOutput(/up/);
    service.signal('SIGKILL');
    expect(await service.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(await node.run(['ps', '-e', '-o', 'args='])).not.toMatch(/sleep 6[12]/);
  });

  it('kills a service that is stopped, and ends with one', async () => {
    await using other = await Lab.create({ nodes: { a: {} } });
    const stopped = async () => {
      const service = other.node('a').spawn(['sh', '-c', 'echo up; kill -STOP $$; echo on']);
      await service.waitForOutput(/up/);
      const state = async () => readFile(`/proc/${service.pid}/stat`, 'utf8').catch(() => '');
      await service.waitUntil(async () => / T /.test(await state()), 'stop');
      return service;
    };
    expect(await (await stopped()).stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    const last = await stopped();
    await other.close();
    expect(last.stdout).toBe('up\n');
  });

  it('carries pods, and is as before when they are gone', async () => {
    const node = lab.node('node1');
    const before = await snapshot(node);
    const pods = await Promise.all(['a', 'b', 'c'].map((name) => node.addPod(name)));
    expect(new Set(pods.map(inodeOf)).size).toBe(3);
    expect(pods[0]?.containerId).toMatch(/^[0-9a-f]{64}$/);
    expect(await pods[0]?.run(['ip', '-o', 'link'])).toMatch(/^1: lo: <LOOPBACK,UP/);
    await expect(node.addPod('a')).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    await Promise.all(pods.map((pod) => node.removePod(pod)));
    expect(node.pods.size).toBe(0);
    expectNoChange(before, await snapshot(node));
  });
});

describe('closing', () => {
  it('leaves nothing of ten nodes', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `node${i}`);
    const lab = await Lab.create({ nodes: Object.fromEntries(names.map((name) => [name, {}])) });
    const pids = [...lab.machines.values()].map((machine) => machine.pid);
    await lab.close();
    await lab.close();
    expect((await readdir('/proc')).filter((name) => pids.includes(Number(name)))).toEqual([]);
    expect(await readdir(cgroup2Root())).not.toContain(lab.name);
  });

  it('leaves no descriptor open in the test process', async () => {
    const before = liveFds();
    const lab = await Lab.create({ nodes: { a: {} }, hosts: { b: {} }, links: [{ between: ['a', 'b'] }] });
    const pod = await lab.node('a').addPod('p');
    await Promise.all([snapshot(lab.node('a')), snapshot(pod), lab.node('a').run(['true'])]);
    await tcpEcho(lab.node('a'), lab.machine('b'));
    await udpEcho(lab.node('a'), lab.machine('b'));
    await (await EchoStream.open(lab.node('a'), lab.machine('b'))).stop();
    await lab.node('a').spawn(['sleep', '60']).stop();
    await lab.close();
    expect(liveFds()).toEqual(before);
  });

  it('refuses new machines afterwards', async () => {
    const lab = await Lab.create();
    await lab.close();
    await expect(lab.addNode('late')).rejects.toMatchObject({ code: 'LAB_CLOSED' });
  });

  it('cleans up behind a plan that cannot be carried out', async () => {
    const before = await readdir(cgroup2Root());
    await expect(Lab.create({ nodes: { a: {} }, links: [{ between: ['a', 'b'] }] })).rejects.toMatchObject({ code: 'NO_SUCH_MACHINE' });
    expect((await readdir(cgroup2Root())).filter((name) => !before.includes(name) && name.includes(`.${process.pid}.`))).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  attachmentOf,
  EchoStream,
  expectNoChange,
  Lab,
  type Network,
  type Node,
  type Pod,
  pathMtu,
  ping,
  Runtime,
  snapshot,
  tcpEcho,
  udpEcho,
} from '../index.ts';

/** The reference plugins as a distribution installs them. */
const pluginDirs = ['/usr/lib/cni'];

const ipam = {
  type: 'host-local',
  ranges: [[{ subnet: '10.77.0.0/24' }], [{ subnet: 'fd77::/64' }]],
  routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
};
const conflist = {
  cniVersion: '0.4.0',
  cniVersions: ['1.0.0', '1.1.0'],
  name: 'reference',
  plugins: [
    { type: 'ptp', mtu: 1450, ipam },
    { type: 'tuning', capabilities: { mac: true } },
  ],
};

describe('the reference plugins in a lab', () => {
  let lab: Lab;
  let node: Node;
  let runtime: Runtime;
  let network: Network;
  let pods: readonly [Pod, Pod];
  beforeAll(async () => {
    lab = await Lab.create({
      nodes: { node1: {} },
      routers: { gateway: {} },
      hosts: { outside: {} },
      links: [{ between: ['node1', 'gateway'] }, { between: ['gateway', 'outside'], mtu: 1300 }],
    });
    node = lab.node('node1');
    await lab.announce(node, ['10.77.0.0/24', 'fd77::/64']);
    await node.writeFile('/etc/cni/net.d/10-reference.conflist', JSON.stringify(conflist));
    runtime = new Runtime(node, { pluginDirs });
    network = { ...(await runtime.network('reference')), cniVersion: '1.0.0' };
    pods = await Promise.all([node.addPod('web'), node.addPod('db')]);
    const results = await Promise.all(
      pods.map((pod) => runtime.add(network, attachmentOf(pod, { capabilityArgs: { mac: '02:00:00:00:00:07' } }))),
    );
    expect(results.map((result) => result.ips?.length)).toEqual([2, 2]);
  });
  afterAll(() => lab.close());

  it.each([4, 6] as const)('carry ICMP, TCP and UDP between pods, node and outside over IPv%i', async (family) => {
    const [web, db] = pods;
    // ptp leaves its host side's link-local address in duplicate detection: the first IPv6 packet may take two seconds
    for (const [from, to] of [
      [web, db],
      [db, web],
      [web, node],
      [node, web],
      [web, lab.machine('outside')],
      [lab.machine('outside'), db],
    ] as const) {
      const answers = [
        await ping(from, to, { family, timeout: 4000 }),
        await tcpEcho(from, to, { family }),
        await udpEcho(from, to, { family }),
      ];
      expect(answers, `${from.name} to ${to.name}`).toMatchObject([{ reached: true }, { reached: true }, { reached: true }]);
    }
  });

  it('show the pod address to the server when nothing translates it', async () => {
    const [web] = pods;
    expect(await tcpEcho(web, lab.machine('outside'))).toMatchObject({ reached: true, seenFrom: await web.address(4) });
  });

  it.each([4, 6] as const)('find the smaller MTU on the way over IPv%i', async (family) => {
    expect(await pathMtu(pods[0], lab.machine('outside'), { family, linkMtu: 1450 })).toBe(1300);
  });

  it.each([4, 6] as const)('tell who ended the life of a packet over IPv%i', async (family) => {
    const expired = await ping(pods[0], lab.machine('outside'), { family, ttl: 2 });
    expect(expired).toMatchObject({ reached: false, errorFrom: family === 4 ? '198.18.0.2' : '2001:db8::2' });
  });

  it('say why nothing was reached', async () => {
    expect(await tcpEcho(pods[0], lab.machine('outside'), { address: '198.18.1.77', timeout: 300 })).toMatchObject({ reached: false });
    expect(await udpEcho(pods[0], lab.machine('outside'), { address: '192.0.2.1', timeout: 200 })).toMatchObject({
      reached: false,
      reason: 'timeout',
    });
  });

  it('carry a stream without a gap', async () => {
    await using stream = await EchoStream.open(pods[0], pods[1]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const report = await stream.stop();
    expect(report.failure).toBeUndefined();
    expect(report.echoed).toBe(report.sent);
    expect(report.echoed).toBeGreaterThan(5000);
  });

  it('set the address that the capability asks for', async () => {
    expect(await pods[0].run(['ip', 'link', 'show', 'eth0'])).toContain('02:00:00:00:00:07');
  });

  it('pass CHECK, and fail it when the interface is gone', async () => {
    await runtime.check(network, attachmentOf(pods[0]));
    const pod = await node.addPod('broken');
    await runtime.add(network, attachmentOf(pod));
    await pod.run(['ip', 'link', 'delete', 'eth0']);
    await expect(runtime.check(network, attachmentOf(pod))).rejects.toMatchObject({ name: 'CniError' });
    await runtime.del(network, attachmentOf(pod));
    await node.removePod(pod);
  });

  it('refuse a second ADD with their own words', async () => {
    await expect(runtime.add(network, attachmentOf(pods[0]))).rejects.toMatchObject({ name: 'CniError', failure: { plugin: 'ptp' } });
  });

  it('leave nothing after DEL, however often it is called', async () => {
    const options = { ignore: /last_reserved_ip/ };
    const before = await snapshot(node, options);
    const pod = await node.addPod('passing');
    await runtime.add(network, attachmentOf(pod));
    expect(() => expectNoChange(before, before)).not.toThrow();
    await expect(snapshot(node, options).then((after) => expectNoChange(before, after))).rejects.toMatchObject({ code: 'NOT_CLEAN' });
    await runtime.del(network, attachmentOf(pod));
    await runtime.del(network, attachmentOf(pod));
    await node.removePod(pod);
    expectNoChange(before, await snapshot(node, options));
  });

  it('answer VERSION', async () => {
    expect((await runtime.version('ptp')).supportedVersions).toContain('1.0.0');
  });
});

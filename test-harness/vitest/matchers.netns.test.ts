import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import './index.ts';
import { attachmentOf, bindUdp, Lab, listenTcp, type Network, type Node, type Pod, Runtime, serveDns, snapshot } from '../index.ts';

const ipam = {
  type: 'host-local',
  ranges: [[{ subnet: '10.77.0.0/24' }], [{ subnet: 'fd77::/64' }]],
  routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
};
const conflist = { cniVersion: '1.0.0', name: 'net', plugins: [{ type: 'ptp', mtu: 1450, ipam }] };

let lab: Lab;
let node: Node;
let runtime: Runtime;
let network: Network;
let web: Pod;
let db: Pod;

beforeAll(async () => {
  lab = await Lab.create({
    nodes: { node1: {} },
    routers: { gateway: {} },
    hosts: { outside: {} },
    links: [{ between: ['node1', 'gateway'] }, { between: ['gateway', 'outside'] }],
  });
  node = lab.node('node1');
  await lab.announce(node, ['10.77.0.0/24', 'fd77::/64']);
  await node.writeFile('/etc/cni/net.d/10-net.conflist', JSON.stringify(conflist));
  runtime = new Runtime(node, { pluginDirs: ['/usr/lib/cni'] });
  network = await runtime.network('net');
  [web, db] = await Promise.all([node.addPod('web'), node.addPod('db')]);
  for (const pod of [web, db]) await runtime.add(network, attachmentOf(pod));
});
afterAll(() => lab.close());

/** The message of a matcher that fails. */
const failure = (assertion: Promise<void>): Promise<string> =>
  assertion.then(
    () => 'it passed',
    (error: Error) => error.message,
  );

/** Filter rules in a pod's own namespace, gone after the test. */
async function filtering(pod: Pod, rule: string): Promise<AsyncDisposable> {
  for (const tool of ['iptables', 'ip6tables']) await pod.run(['sh', '-c', `${tool} -A INPUT ${rule}`]);
  return {
    async [Symbol.asyncDispose]() {
      for (const tool of ['iptables', 'ip6tables']) await pod.run([tool, '-F', 'INPUT']);
    },
  };
}

describe('toReach', () => {
  it('passes by every protocol, in both families, with a server of its own', async () => {
    await expect(web).toReach(db, { tcp: 8080 });
    await expect(web).toReach(db, { udp: 8080 });
    await expect(web).toReach(db, { icmp: true });
    await expect(web).toReach(db, { http: { path: '/healthz', status: 204 } });
    await expect(web).toReach(db, { dns: { name: 'db.example', type: 'AAAA' } });
    await expect(db).toReach(lab.machine('outside'), { tcp: 443, family: 6 });
    await expect(db).toReach(await web.address(4), { icmp: true });
  });

  it('tells refusal from silence, by TCP and by UDP', async () => {
    await expect(web).not.toReach(db, { tcp: 81, server: 'existing', outcome: 'refused' });
    await expect(web).not.toReach(db, { udp: 81, server: 'existing', outcome: 'refused' });
    await using _rule = await filtering(db, '-j DROP');
    await expect(web).not.toReach(db, { tcp: 81, timeout: 300, outcome: 'timeout' });
    await expect(web).not.toReach(db, { icmp: true, timeout: 300, outcome: 'timeout' });
    const message = await failure(expect(web).not.toReach(db, { tcp: 81, timeout: 300, outcome: 'refused' }));
    expect(message).toContain('expected node1/web not (refused) to reach node1/db: TCP port 81');
    expect(message).toMatch(/IPv4 10\.77\.0\.\d+: silence: dropped, on the way there or back \(ETIMEDOUT\) after \d+ ms/);
  });

  it('fails when one family of two does not, and says where to look', async () => {
    await db.run(['ip6tables', '-A', 'INPUT', '-p', 'tcp', '-j', 'REJECT', '--reject-with', 'tcp-reset']);
    const message = await failure(expect(web).toReach(db, { tcp: 8080 }));
    const both = await failure(expect(web).not.toReach(db, { tcp: 8080 }));
    await db.run(['ip6tables', '-F', 'INPUT']);
    expect(message).toMatch(/IPv4 10\.77\.0\.\d+: reached in [\d.]+ ms, seen there as 10\.77\.0\.\d+\n/);
    expect(message).toMatch(/IPv6 fd77::\w+: refused: packets get there and back, .* \(ECONNREFUSED\)/);
    expect(message).toMatch(/IPv6 routes of node1\/web\n(?: {4}.*\n)* {4}default via fd77::1 dev eth0/);
    expect(message).toMatch(/addresses of node1\/db\n {4}10\.77\.0\.\d+\/24\n {4}fd77::\w+\/64/);
    expect(both).toContain('expected node1/web not to reach node1/db');
  });

  it('knows that there is no way', async () => {
    await db.run(['ip', 'route', 'add', 'unreachable', '192.0.2.0/24']);
    await expect(db).not.toReach('192.0.2.9', { tcp: 80, timeout: 100, outcome: 'unreachable' });
    await expect(db).not.toReach('192.0.2.9', { icmp: true, timeout: 100 });
    const isolated = await node.addPod('isolated');
    await expect(expect(isolated).not.toReach(db, { tcp: 80 })).rejects.toThrow(
      /no address of a common family: isolated has none, db has 10/,
    );
  });

  it('asks the server that is there already, and takes its word', async () => {
    const http = createServer((request, response) => {
      response.statusCode = request.headers.host === 'shop.example' ? 200 : 421;
      response.end('hello from the shop');
    });
    const sockets = await Promise.all(
      ([4, 6] as const).map((family) => listenTcp(db, family, (socket: Socket) => http.emit('connection', socket), 80)),
    );
    await expect(web).toReach(db, { http: { host: 'shop.example', body: /shop/ } });
    const message = await failure(expect(web).toReach(db, { http: {}, family: 4, timeout: 1000 }));
    expect(message).toContain('something else answered (status 421, not 200)');
    await expect(web).not.toReach(db, { http: { host: 'shop.example', body: 'books' }, timeout: 1000, outcome: 'wrong' });
    for (const server of sockets) server.close();
    http.close();
  });

  it('tells what a DNS server says', async () => {
    using _server = await serveDns(db, { 'a.example': { A: ['10.0.0.1', '10.0.0.2'] } });
    const one = { family: 4, timeout: 1000 } as const;
    await expect(web).toReach(db, { ...one, dns: { name: 'A.example', answer: ['10.0.0.2', '10.0.0.1'] } });
    expect(await failure(expect(web).toReach(db, { ...one, dns: { name: 'b.example' } }))).toContain('(NXDOMAIN)');
    expect(await failure(expect(web).toReach(db, { ...one, dns: { name: 'a.example', type: 'AAAA' } }))).toContain('(records none)');
  });

  it('finds its server behind an address of another machine', async () => {
    await node.run(['sh', '-c', `iptables -t nat -A PREROUTING -p tcp --dport 8443 -j DNAT --to ${await db.address(4)}:8443`]);
    await expect(lab.machine('outside')).toReach(node, { tcp: 8443, server: db, family: 4 });
    await node.run(['iptables', '-t', 'nat', '-F', 'PREROUTING']);
    await expect(lab.machine('outside')).not.toReach(node, { tcp: 8443, server: db, family: 4, outcome: 'refused' });
  });

  it('says no where the kernel has no SCTP, and reaches where it has', async () => {
    const outcome = await expect(web)
      .toReach(db, { sctp: 9 })
      .then(() => 'reached', String);
    expect(outcome).toMatch(/^reached$|HarnessError: open an SCTP socket in db: this kernel has no SCTP \(CONFIG_IP_SCTP\)/);
  });

  it('refuses questions without sense', async () => {
    await expect(expect(web).toReach(db, {} as { icmp: true })).rejects.toThrow('want one of tcp, udp, sctp, icmp, http, dns, got none');
    await expect(expect(web).toReach(db, { tcp: 1, udp: 1 } as { tcp: 1 })).rejects.toThrow('got tcp, udp');
    await expect(expect('web').not.toReach(db, { tcp: 1 })).rejects.toThrow('want a pod, node or other machine of a lab, got web');
  });

  it('leaves no server behind', async () => {
    await expect(web).toReach(db, { udp: 7777 });
    for (const family of [4, 6] as const) (await bindUdp(db, family, 7777)).close();
  });
});

describe('what a pod has', () => {
  it('is found', async () => {
    await expect(web).toHaveRoute({ destination: 'default', via: '10.77.0.1', dev: 'eth0' });
    await expect(web).toHaveRoute({ destination: '::/0', family: 6, via: 'fd77:0::1' });
    await expect(web).toHaveRoute({ destination: '10.77.0.1', dev: 'eth0' });
    await expect(web).not.toHaveRoute({ destination: 'default', dev: 'eth1' });
    const address = await web.address(4);
    await expect(web).toHaveAddress(`${address}/24`);
    await expect(web).toHaveAddress(address, { dev: 'eth0' });
    await expect(web).not.toHaveAddress(`${address}/32`);
    await expect(web).toHaveAddress('fd77:0:0:0::2', { dev: 'eth0' });
    await expect(web).toHaveInterface('eth0', { kind: 'veth', mtu: 1450, up: true });
    await expect(web).not.toHaveInterface('eth1');
    await expect(web).toReach(node, { icmp: true, family: 4 });
    await expect(web).toHaveNeighbour({ address: '10.77.0.1', dev: 'eth0' });
    await expect(web).not.toHaveNeighbour({ address: '10.77.0.99' });
  });

  it('is shown when it is not what was expected', async () => {
    expect(await failure(expect(web).toHaveRoute({ destination: 'default', via: '10.77.0.9', mtu: 1400 }))).toBe(
      'expected node1/web to have route default via 10.77.0.9 mtu 1400\nits routes to default\n  default via 10.77.0.1 dev eth0',
    );
    expect(await failure(expect(web).toHaveRoute({ destination: '10.1.0.0/16' }))).toMatch(
      /no route to 10\.1\.0\.0\/16; its routes in table 254\n {2}default via 10\.77\.0\.1 dev eth0\n/,
    );
    expect(await failure(expect(web).toHaveInterface('eth0', { mtu: 9000 }))).toMatch(/\n {2}mtu is 1450, not 9000$/);
    expect(await failure(expect(web).toHaveInterface('eth7'))).toContain('its interfaces\n  lo ');
    expect(await failure(expect(web).toHaveAddress('10.9.9.9/32'))).toMatch(/its addresses\n {2}127\.0\.0\.1\/8 dev lo\n/);
    expect(await failure(expect(web).toHaveNeighbour({ address: '10.9.9.9' }))).toContain('its neighbours');
  });

  it('is compared with what it was', async () => {
    const before = await snapshot(node, { ignore: /last_reserved_ip/ });
    const passing = await node.addPod('passing');
    await runtime.add(network, attachmentOf(passing));
    expect(await failure(expect(node).toLeakNothing(before))).toMatch(/\+ link veth\w+ {2}kind veth, mtu 1450/);
    await expect(node).not.toLeakNothing(before);
    await runtime.del(network, attachmentOf(passing));
    await node.removePod(passing);
    await expect(node).toLeakNothing(before);
  });
});

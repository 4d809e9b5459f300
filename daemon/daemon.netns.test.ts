import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BpfEndpointRow, CheckReport, Endpoint, EndpointPlan, Status } from '../conf/api/types.ts';
import { AttachType, getPinned, linkInfo, setSysctl } from '../native/index.ts';
import { sharedFixture } from '../test/fixtures/shared-fixture.ts';
import {
  attachmentOf,
  expectNoChange,
  Lab,
  type Node,
  type Pod,
  parseNetwork,
  ping,
  Runtime,
  type Service,
  snapshot,
} from '../test-harness/index.ts';
import { OURS } from './datapath/expedite.ts';
import { removeAll } from './files.ts';

/* The daemon from its sources, with the plugin from its sources, on a node of a lab. */

const project = join(import.meta.dirname, '..');
const network = parseNetwork(JSON.stringify({ cniVersion: '1.1.0', name: 'axoneme', plugins: [{ type: 'axoneme-cni' }] }));
const config = {
  ipv6: { enabled: true },
  ipam: { operator: { clusterPoolIPv4PodCIDRList: ['10.0.0.0/24'], clusterPoolIPv4MaskSize: 28 } },
};
const configFile = '/etc/axoneme/config.yaml';
const socket = '/run/axoneme/axoneme.sock';
const links = '/sys/fs/bpf/axoneme/v1/links';

let plugins: string;
let lab: Lab;
let node: Node;
let runtime: Runtime;
let daemon: Service;

beforeAll(() => {
  plugins = mkdtempSync(join(tmpdir(), 'plugins-'));
  writeFileSync(join(plugins, 'axoneme-cni'), `#!/bin/sh\nexec ${process.execPath} ${join(project, 'plugin/main.ts')}\n`);
  chmodSync(join(plugins, 'axoneme-cni'), 0o755);
});
afterAll(() => removeAll(plugins));

async function open(): Promise<void> {
  lab = await Lab.create({ nodes: { node: {} }, hosts: { outside: {} }, links: [{ between: ['node', 'outside'] }] });
  node = lab.node('node');
  runtime = new Runtime(node, { pluginDirs: [plugins] });
  await node.writeFile(configFile, JSON.stringify(config));
  await start();
}
const close = () => lab[Symbol.asyncDispose]();

/** The tests of a suite have a node of their own each. */
function onNewNodes(): void {
  beforeEach(open);
  afterEach(close);
}

/** The tests of a suite share a node, whose pods go after each of them. */
function onOneNode(): void {
  sharedFixture(async () => {
    await open();
    return { lastWords: () => daemon.lastWords(), [Symbol.asyncDispose]: close };
  });
  afterEach(async () => {
    if (!daemon.running) await start();
    for (const pod of node.pods.values()) {
      await runtime.del(network, attachmentOf(pod));
      await node.removePod(pod);
    }
    await until(async () => (await endpoints()).length === 0);
  });
}

const command = (...args: string[]) => [process.execPath, join(project, 'cli/main.ts'), 'daemon', ...args];

async function start(): Promise<void> {
  daemon = node.spawn(command());
  await daemon.waitForOutput(/"msg":"serving"/);
}

async function restart(signal: NodeJS.Signals): Promise<void> {
  await daemon.stop(signal);
  await start();
}

/** One call of the API; the answer's body and status. */
async function call<T>(method: string, path: string, body?: object, agent?: Agent): Promise<{ status: number; body: T }> {
  const socketPath = await node.path(socket);
  return await new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const request = httpRequest({ socketPath, method, path, headers, ...(agent === undefined ? {} : { agent }) }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: answer.statusCode ?? 0, body: (text === '' ? undefined : JSON.parse(text)) as T });
      });
    });
    request.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const endpoints = async () => (await call<Endpoint[]>('GET', '/v1/endpoints')).body;
const status = async () => (await call<Status>('GET', '/v1/status')).body;
const check = async (pod: Pod) => (await call<CheckReport>('POST', '/v1/endpoints/check', keyOf(pod))).body;
const keyOf = (pod: Pod) => ({ containerId: pod.containerId, ifname: 'eth0' });
const requestOf = (pod: Pod) => ({ ...keyOf(pod), netns: pod.netnsPath, pod: { namespace: '', name: '', uid: '' } });

async function add(name: string): Promise<Pod> {
  const pod = await node.addPod(name);
  await runtime.add(network, attachmentOf(pod));
  return pod;
}

const addressOf = async (pod: Pod) => {
  const endpoint = (await endpoints()).find(({ containerId }) => containerId === pod.containerId);
  return { ipv4: endpoint?.ipv4?.address ?? '', ipv6: endpoint?.ipv6?.address ?? '' };
};

/** A link pinned on the node, as the kernel tells of it. */
async function pinnedLink(name: string) {
  using link = getPinned(await node.path(`${links}/${name}`));
  return linkInfo(link);
}

const deviceNames = async () => {
  using netlink = await node.netlink();
  return (await netlink.links.list()).map(({ name }) => name).filter((name) => /^(axo|axd|lxc)/.test(name));
};

const until = (what: () => Promise<boolean>) => expect.poll(what).toBe(true);

describe('a started daemon', () => {
  onOneNode();

  it('has its leg, its routes and its programs in place', async () => {
    const { health, datapath } = await status();
    expect(health).toMatchObject({ state: 'ok', problems: [] });
    expect(datapath.devices).toHaveLength(1);
    const [device = ''] = datapath.devices;
    expect(await pinnedLink(`${device}/ingress`)).toMatchObject({ attachType: AttachType.tcxIngress });
    expect(await pinnedLink('axo_host/egress')).toMatchObject({ attachType: AttachType.tcxEgress });
    using netlink = await node.netlink();
    const host = await netlink.links.get('axo_host');
    const routes = (await netlink.routes.list({ ifindex: host.ifindex, table: 254 })).map(({ destination }) => destination);
    expect(routes).toEqual(expect.arrayContaining(['10.0.0.0/28', 'fd00::/120']));
    expect((await netlink.addresses.list({ ifindex: host.ifindex })).map(({ address }) => address)).toEqual(['10.0.0.1/32', 'fd00::1/128']);
  });

  it('knows the addresses of the node, also those that come and go', async () => {
    const own = async () =>
      (await call<BpfEndpointRow[]>('GET', '/v1/bpf/endpoints')).body.filter((row) => row.localhost).map((row) => row.address);
    expect(await own()).toContain('10.0.0.1');
    await node.run(['ip', 'address', 'add', '198.51.100.7/32', 'dev', 'lo']);
    await until(async () => (await own()).includes('198.51.100.7'));
    await node.run(['ip', 'address', 'delete', '198.51.100.7/32', 'dev', 'lo']);
    await until(async () => !(await own()).includes('198.51.100.7'));
  });

  it('follows the default route to another device', async () => {
    const [before = ''] = (await status()).datapath.devices;
    const buried = `${links}/axd9`;
    await node.run(['mkdir', buried]);
    await node.run(['ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up1']);
    await node.run(['ip', 'address', 'add', '198.51.100.2/24', 'dev', 'up0']);
    await node.run(['ip', 'link', 'set', 'up0', 'up']);
    await node.run(['ip', 'route', 'replace', 'default', 'via', '198.51.100.1']);
    await node.run(['ip', '-6', 'route', 'flush', 'default']);
    await until(async () => (await status()).datapath.devices.join() === 'up0');
    // The status names a device as soon as it is native: its programs follow.
    await until(async () => await node.exists(`${links}/up0/ingress`));
    expect(await pinnedLink('up0/ingress')).toMatchObject({ attachType: AttachType.tcxIngress });
    expect([await node.exists(`${links}/${before}`), await node.exists(buried)]).toEqual([false, true]);
    await node.run(['rmdir', buried]);
  });

  it('makes axo_host anew when somebody deletes it, with the index that the programs know', async () => {
    const index = async () => (await node.exec(['cat', '/sys/class/net/axo_host/ifindex'])).stdout;
    const before = await index();
    await node.run(['ip', 'link', 'delete', 'axo_host']);
    await until(async () => (await index()) === before);
    await until(async () => (await status()).health.state === 'ok');
    const pod = await add('web');
    expect(await ping(node, (await addressOf(pod)).ipv4)).toMatchObject({ reached: true });
  });

  it('refuses a second one, and replaces the socket file of a killed one', async () => {
    const second = await node.exec(command());
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`another one serves ${socket}`);
    expect((await status()).health.state).toBe('ok');
    await restart('SIGKILL');
    expect((await status()).health.state).toBe('ok');
  });

  it('ends by SIGTERM with status 0 and leaves the datapath', async () => {
    const pod = await add('web');
    const { ipv4 } = await addressOf(pod);
    expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await node.exists(socket)).toBe(false);
    expect(await ping(node, ipv4)).toMatchObject({ reached: true });
  });
});

describe('a pod', () => {
  onOneNode();

  it('talks with the node over both families, and is found whole', async () => {
    const pod = await add('web');
    const { ipv4, ipv6 } = await addressOf(pod);
    expect((await check(pod)).problems).toEqual([]);
    for (const address of [ipv4, ipv6]) expect(await ping(node, address)).toMatchObject({ reached: true });
    for (const address of ['10.0.0.1', 'fd00::1']) expect(await ping(pod, address)).toMatchObject({ reached: true });
    await runtime.check(network, attachmentOf(pod));
    await runtime.del(network, attachmentOf(pod));
    await until(async () => (await endpoints()).length === 0);
    expect(await deviceNames()).toEqual(['axo_net', 'axo_host']);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)('keeps address, links and programs over %s and a new start', async (signal) => {
    const pod = await add('web');
    const [before] = await endpoints();
    const link = await pinnedLink(`${before?.hostIfname}/ingress`);
    await restart(signal);
    expect(await endpoints()).toEqual([before]);
    expect(await pinnedLink(`${before?.hostIfname}/ingress`)).toEqual(link);
    expect(daemon.stderr).toContain('the pinned programs are current');
    expect((await check(pod)).problems).toEqual([]);
    const next = await add('next');
    expect(await ping(pod, (await addressOf(next)).ipv4)).toMatchObject({ reached: true });
  });

  it('runs the new programs after an upgrade, by the links of before', async () => {
    const pod = await add('web');
    const [endpoint] = await endpoints();
    const path = `${endpoint?.hostIfname}/ingress`;
    const before = await pinnedLink(path);
    await node.writeFile('/run/axoneme/programs.sha256', 'another version');
    await restart('SIGTERM');
    const after = await pinnedLink(path);
    expect(after.id).toBe(before.id);
    expect(after.programId).not.toBe(before.programId);
    expect((await check(pod)).problems).toEqual([]);
    expect(await ping(node, (await addressOf(pod)).ipv6)).toMatchObject({ reached: true });
  });

  it('is not found whole when a link, a row or the device is touched', async () => {
    const pod = await add('web');
    const [endpoint] = await endpoints();
    // Over and over: the daemon restores it, at first at once.
    const named = (touch: () => Promise<unknown>, sentence: string) =>
      expect.poll(async () => [await touch(), (await check(pod)).problems].flat()).toContain(sentence);
    await named(() => node.remove(`${links}/${endpoint?.hostIfname}/egress`), 'link egress is not pinned');
    await named(() => node.run(['ip', 'link', 'set', endpoint?.hostIfname ?? '', 'down']), `device ${endpoint?.hostIfname} is down`);
    await node.run(['ip', 'link', 'delete', endpoint?.hostIfname ?? '']);
    expect((await check(pod)).problems).toContain(`device ${endpoint?.hostIfname} is gone`);
  });

  it('is ADDed once; again only when its namespace is gone', async () => {
    const pod = await add('web');
    const before = await endpoints();
    await expect(runtime.add(network, attachmentOf(pod))).rejects.toThrow('exists');
    expect(await endpoints()).toEqual(before);
    await node.removePod(pod);
    const again = await node.addPod('web');
    await runtime.add(network, attachmentOf(again));
    expect(await endpoints()).toHaveLength(1);
    expect((await check(again)).problems).toEqual([]);
  });

  it('that was deleted while the daemon was away is gone after its start', async () => {
    const pod = await add('web');
    await daemon.stop('SIGKILL');
    await runtime.del(network, attachmentOf(pod));
    await start();
    expect(await endpoints()).toEqual([]);
    expect((await status()).ipam.addresses.map(({ owner }) => owner)).toEqual(['router', 'router']);
    expect(await node.listFolder('/run/axoneme/delete-queue')).toEqual([]);
  });

  it('whose namespace went while the daemon was away is gone after its start', async () => {
    const pod = await add('web');
    await daemon.stop('SIGKILL');
    await node.removePod(pod);
    await start();
    expect(await endpoints()).toEqual([]);
    expect((await call<BpfEndpointRow[]>('GET', '/v1/bpf/endpoints')).body.every((row) => row.localhost)).toBe(true);
  });
});

describe('an ADD that is cut short', () => {
  onOneNode();

  const halfMade = async (agent: Agent): Promise<EndpointPlan> => {
    const pod = await node.addPod('half');
    const { body: plan } = await call<EndpointPlan>('POST', '/v1/endpoints', requestOf(pod), agent);
    await node.run(['ip', 'link', 'add', plan.endpoint.hostIfname, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pod.netnsPath]);
    return plan;
  };
  const expectNothing = async () => {
    expect(await endpoints()).toEqual([]);
    expect(await deviceNames()).toEqual(['axo_net', 'axo_host']);
    expect((await status()).ipam.addresses).toHaveLength(2);
    expect(await node.listFolder('/run/axoneme/endpoints')).toEqual([]);
  };

  it('by the death of its client leaves nothing', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await halfMade(agent);
    agent.destroy();
    await until(async () => (await endpoints()).length === 0);
    await expectNothing();
  });

  it('by the death of the daemon leaves nothing after its start', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await halfMade(agent);
    await daemon.stop('SIGKILL');
    agent.destroy();
    await start();
    await expectNothing();
  });

  it('by the death of the daemon does not leave grace periods expedited', async () => {
    const knob = async () => (await node.readFile('/sys/kernel/rcu_expedited')).trim();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { endpoint } = await halfMade(agent);
    using netlink = await node.netlink();
    const { ifindex } = await netlink.links.get(endpoint.hostIfname);
    expect(await knob()).toBe('0');
    const answer = await call('PUT', `/v1/endpoints/${endpoint.id}/device`, { hostIfindex: ifindex }, agent);
    expect([answer.status, await knob()]).toEqual([204, OURS]);
    await daemon.stop('SIGKILL');
    expect(await knob()).toBe(OURS);
    await start();
    expect(await knob()).toBe('0');
    agent.destroy();
    await expectNothing();
  });

  it('is refused when the device that it reports is another', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { endpoint } = await halfMade(agent);
    const answer = await call<{ message: string }>('PUT', `/v1/endpoints/${endpoint.id}/device`, { hostIfindex: 1 }, agent);
    expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining('it is lo')]);
    agent.destroy();
  });
});

describe('full blocks, damage and ends', () => {
  onNewNodes();

  it('a pod is served from a new block when the first one is full, and the node finds it', async () => {
    const claims = Array.from({ length: 13 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    for (const [n, agent] of claims.entries()) {
      const pod = await node.addPod(`claim-${n}`);
      expect((await call('POST', '/v1/endpoints', requestOf(pod), agent)).status).toBe(200);
    }
    const pod = await add('web');
    const { ipv4 } = await addressOf(pod);
    expect(ipv4).toMatch(/^10\.0\.0\.(1[6-9]|2\d|3[01])$/);
    expect(await ping(node, ipv4)).toMatchObject({ reached: true });
    for (const agent of claims) agent.destroy();
  });

  it('a record that cannot be read is moved aside, and made anew from the kernel', async () => {
    await add('web');
    const [endpoint] = await endpoints();
    await daemon.stop('SIGKILL');
    await node.writeFile(`/run/axoneme/endpoints/${endpoint?.id}.json`, '{"version":1');
    await start();
    const { id, hostIfname, hostIfindex, mac, ipv4, ipv6 } = endpoint as Endpoint;
    expect(await endpoints()).toMatchObject([{ id, hostIfname, hostIfindex, mac, ipv4, ipv6, state: 'ready' }]);
    expect(await node.listFolder('/run/axoneme/endpoints')).toEqual([`${id}.json`, `${id}.json.bad`]);
  });

  it('a bpf file system that cannot be mounted is named', async () => {
    await daemon.stop();
    await node.run(['sh', '-c', 'mkdir -p /run/other/sys && touch /run/other/sys/fs']);
    const { code, stderr } = await node.exec(command(), { env: { AXONEME_ROOT: '/run/other' } });
    expect(code).toBe(1);
    expect(stderr).toContain('prepare the bpf file system on /run/other/sys/fs/bpf');
  });

  it('--cleanup removes every trace, the mount of its own too', async () => {
    await daemon.stop();
    await node.run(command('--cleanup'));
    await node.run(['umount', '/sys/fs/bpf']);
    const before = await snapshot(node, { folders: ['/run', '/sys/fs/bpf'] });
    await start();
    const pod = await add('web');
    const refused = await node.exec(command('--cleanup'));
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('another one serves')]);
    await daemon.stop('SIGKILL');
    await node.run(command('--cleanup'));
    await node.removePod(pod);
    expectNoChange(before, await snapshot(node, { folders: ['/run', '/sys/fs/bpf'] }));
    expect(await node.exists('/run/axoneme')).toBe(false);
  });

  it('sysctls of the node stay as they are, except those of its own leg', async () => {
    await using other = await Lab.create({ nodes: { plain: {} } });
    using plain = other.node('plain').netns();
    await setSysctl(plain, 'net.ipv4.ip_forward', '0');
    const names = [
      'net/ipv4/ip_forward',
      'net/ipv4/conf/all/rp_filter',
      'net/ipv6/conf/all/forwarding',
      'net/ipv6/conf/default/forwarding',
    ];
    for (const name of names) {
      const read = (machine: Node) => machine.run(['cat', `/proc/sys/${name}`]);
      expect(await read(node), name).toBe(await read(other.node('plain')));
    }
  });
});

import { expect, test, vi } from 'vitest';
import { errorBody, toCniError } from '../../conf/cni/errors.ts';
import { callOf, coded, endpoint, FakeTools, plan } from '../testing/fakes.ts';
import { add } from './add.ts';

const STEPS = [
  'openPod',
  'createEndpoint',
  'createDevice',
  'configurePod',
  'connectEndpoint',
  'attachPrograms',
  'completeEndpoint',
] as const;

/** What is taken back when the step of that name fails: everything before it, last first. */
const UNDONE: Record<(typeof STEPS)[number], string[]> = {
  openPod: [],
  createEndpoint: [],
  createDevice: ['deleteEndpoint'],
  configurePod: ['deleteDevice', 'deleteEndpoint'],
  connectEndpoint: ['disconnectEndpoint', 'deleteDevice', 'deleteEndpoint'],
  attachPrograms: ['removeLinks', 'disconnectEndpoint', 'deleteDevice', 'deleteEndpoint'],
  completeEndpoint: ['removeLinks', 'disconnectEndpoint', 'deleteDevice', 'deleteEndpoint'],
};

test('goes from the record over device, maps and programs to ready', async () => {
  const tools = new FakeTools();
  await add(callOf('ADD'), tools);
  expect(tools.done).toEqual([...STEPS, 'closePod']);
});

test.each(STEPS)('takes back what it did, in reverse, when %s fails', async (step) => {
  const tools = new FakeTools();
  tools.failures.set(step, coded('NETLINK', `${step} failed`));
  await expect(add(callOf('ADD'), tools)).rejects.toThrow(`${step} failed`);
  const closing = step === 'openPod' ? [] : ['closePod'];
  expect(tools.done).toEqual([...STEPS.slice(0, STEPS.indexOf(step) + 1), ...UNDONE[step], ...closing]);
});

test('goes on taking back when one step of that fails too, and says so in the details', async () => {
  const tools = new FakeTools();
  tools.failures.set('attachPrograms', coded('UNSUPPORTED', 'no tcx'));
  tools.failures.set('disconnectEndpoint', coded('unreachable', 'it is not running'));
  const error = await add(callOf('ADD'), tools).then(() => undefined, toCniError);
  expect(tools.done.slice(-4)).toEqual(['disconnectEndpoint', 'deleteDevice', 'deleteEndpoint', 'closePod']);
  expect(error && errorBody(error, '1.1.0')).toMatchObject({
    code: 106,
    msg: 'no tcx',
    details: 'not undone:\ntake the endpoint out of the maps: it is not running',
  });
});

test('says to try again, whatever failed, when the daemon ended meanwhile', async () => {
  const tools = new FakeTools();
  tools.failures.set('createDevice', coded('NETLINK', 'set link 7 alias: no such device'));
  Object.assign(tools.agent, { isLost: true });
  const error = await add(callOf('ADD'), tools).then(() => undefined, toCniError);
  expect(error && errorBody(error, '1.1.0')).toMatchObject({
    code: 11,
    msg: 'add the container: the daemon ended meanwhile: set link 7 alias: no such device',
  });
});

test('answers both interfaces, the addresses at the container’s, and the routes', async () => {
  const result = await add(callOf('ADD', { dns: { domain: 'x' }, runtimeConfig: { dns: { servers: ['10.0.0.10'] } } }), new FakeTools());
  expect(result).toEqual({
    interfaces: [
      { name: endpoint.hostIfname, mac: endpoint.hostMac, mtu: 1500 },
      { name: 'eth0', mac: endpoint.mac, mtu: 1500, sandbox: '/run/netns/a' },
    ],
    ips: [
      { address: '10.0.0.5/32', gateway: '10.0.0.1', interface: 1 },
      { address: 'fd00::5/128', gateway: 'fd00::1', interface: 1 },
    ],
    routes: [
      { dst: '10.0.0.1/32', scope: 253 },
      { dst: '0.0.0.0/0', gw: '10.0.0.1' },
      { dst: 'fd00::1/128' },
      { dst: '::/0', gw: 'fd00::1' },
    ],
    dns: { domain: 'x', nameservers: ['10.0.0.10'] },
  });
});

test('is the first interface where the default routes were those of an earlier try, which the daemon ended', async () => {
  const tools = new FakeTools();
  vi.spyOn(tools.host, 'defaultRoutes').mockResolvedValueOnce(new Set([4, 6]));
  const { routes } = await add(callOf('ADD'), tools);
  expect(routes).toContainEqual({ dst: '0.0.0.0/0', gw: '10.0.0.1' });
});

test('asks for what runtimeConfig names before what CNI_ARGS names', async () => {
  const tools = new FakeTools();
  const createEndpoint = vi.spyOn(tools.agent, 'createEndpoint');
  const conf = {
    mtu: 1400,
    ipam: { pool: 'blue' },
    runtimeConfig: { ips: ['10.0.0.9/24'], 'io.kubernetes.cri.pod-annotations': { 'ipam.cilium.io/ip-pool': 'green' } },
  };
  const args = 'IP=10.0.0.8;MAC=02:AA:00:00:00:03;K8S_POD_NAME=web-1;K8S_POD_NAMESPACE=default';
  await add(callOf('ADD', conf, { CNI_ARGS: args }), tools);
  expect(createEndpoint).toHaveBeenCalledWith({
    containerId: 'c1',
    ifname: 'eth0',
    netns: '/run/netns/a',
    netnsIdentity: '4:7',
    pod: { namespace: 'default', name: 'web-1', uid: '' },
    network: 'pods',
    pool: 'green',
    addresses: ['10.0.0.9'],
    mac: '02:aa:00:00:00:03',
    mtu: 1400,
  });
});

const prevResult = {
  interfaces: [{ name: 'cni0' }, { name: 'veth9' }, { name: 'eth0', sandbox: '/run/netns/a', mac: endpoint.mac }],
  ips: [{ address: '10.1.0.5/24', gateway: '10.1.0.1', interface: 2 }],
  routes: [{ dst: '0.0.0.0/0', gw: '10.1.0.1' }],
};

test('behind another plugin adopts its pair and addresses and passes its result on', async () => {
  const tools = new FakeTools();
  const { ipv4: _, ipv6: __, ...bare } = endpoint;
  tools.answers.set('createEndpoint', { ...plan, endpoint: bare });
  const [create, connect] = [vi.spyOn(tools.agent, 'createEndpoint'), vi.spyOn(tools.agent, 'connectEndpoint')];
  expect(await add(callOf('ADD', { prevResult, runtimeConfig: { portMappings: [{}], bandwidth: { ingressRate: 1 } } }), tools)).toEqual(
    prevResult,
  );
  expect(tools.done).toEqual([
    'openPod',
    'findPair',
    'createEndpoint',
    'connectEndpoint',
    'attachPrograms',
    'completeEndpoint',
    'closePod',
  ]);
  expect(create.mock.calls[0]?.[0]).toMatchObject({
    external: true,
    mtu: 1400,
    device: { hostIfname: 'veth9', hostMac: endpoint.hostMac },
  });
  expect(connect.mock.calls[0]?.[1]).toEqual({ hostIfindex: 9, addresses: [{ address: '10.1.0.5', pool: 'chained' }] });
});

test('behind another plugin detaches when it fails, and leaves the pair', async () => {
  const tools = new FakeTools();
  tools.failures.set('attachPrograms', coded('NETLINK', 'refused'));
  await expect(add(callOf('ADD', { prevResult }), tools)).rejects.toThrow('refused');
  expect(tools.done.slice(-4)).toEqual(['removeLinks', 'disconnectEndpoint', 'deleteEndpoint', 'closePod']);
});

test.each([
  ['no interface of the name', { ...prevResult, interfaces: prevResult.interfaces.slice(0, 2), ips: [] }, {}],
  ['no address', { ...prevResult, ips: [] }, {}],
  ['an IPAM plugin as well', prevResult, { ipam: { type: 'host-local' } }],
])('behind another plugin refuses %s', async (_name, result, more) => {
  await expect(add(callOf('ADD', { prevResult: result, ...more }), new FakeTools())).rejects.toMatchObject({ code: 'invalid-config' });
});

test('asks for the way through the stack when the pod has host ports, and only then', async () => {
  const tools = new FakeTools();
  const create = vi.spyOn(tools.agent, 'createEndpoint');
  const runtimeConfig = { portMappings: [{ hostPort: 80, containerPort: 80, protocol: 'tcp' }] };
  await add(callOf('ADD', { runtimeConfig }), tools);
  expect(create.mock.calls[0]?.[0]).toMatchObject({ viaStack: true });
  await add(callOf('ADD', {}), tools);
  expect(create.mock.calls[1]?.[0]).not.toHaveProperty('viaStack');
});

test('names no family that the endpoint has no address of', async () => {
  const tools = new FakeTools();
  const { ipv6: _, ...ipv4Only } = endpoint;
  tools.answers.set('createEndpoint', { ...plan, endpoint: ipv4Only });
  const { ips, routes } = await add(callOf('ADD'), tools);
  expect([ips.length, routes.length]).toEqual([1, 2]);
});

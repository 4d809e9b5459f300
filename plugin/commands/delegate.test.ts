import { expect, test } from 'vitest';
import { callOf, coded, endpoint, FakeTools, plan } from '../testing/fakes.ts';
import { add } from './add.ts';
import { check } from './check.ts';
import { del } from './del.ts';
import { gc } from './gc.ts';
import { status } from './status.ts';

const conf = { ipam: { type: 'local', subnet: '10.7.0.0/24' } };
const { ipv4: _, ipv6: __, ...bare } = endpoint;

function toolsWith(answer: object): FakeTools {
  const tools = new FakeTools();
  tools.answers.set('createEndpoint', { ...plan, endpoint: bare });
  tools.answers.set('local ADD', { cniVersion: '1.1.0', ...answer });
  return tools;
}

test('ADD asks the IPAM plugin when the daemon has said that the attachment is free, and uses what it gives', async () => {
  const tools = toolsWith({
    ips: [{ address: '10.7.0.5/24', gateway: '10.7.0.1' }],
    routes: [{ dst: '10.0.0.0/8', gw: '10.7.0.9', mtu: 1300 }],
    dns: { nameservers: ['10.7.0.53'] },
  });
  const result = await add(callOf('ADD', conf), tools);
  expect(tools.done.slice(0, 4)).toEqual(['openPod', 'createEndpoint', 'local ADD', 'createDevice']);
  expect(result.ips).toEqual([{ address: '10.7.0.5/24', gateway: '10.7.0.1', interface: 1 }]);
  expect(result.routes).toEqual([
    { dst: '10.0.0.1/32', scope: 253 },
    { dst: '10.7.0.0/24', gw: '10.0.0.1' },
    { dst: '10.0.0.0/8', gw: '10.0.0.1', mtu: 1300 },
  ]);
  expect(result.dns).toEqual({ nameservers: ['10.7.0.53'] });
});

test('ADD gives an IPv6 subnet its route in the one text form', async () => {
  const { routes } = await add(callOf('ADD', conf), toolsWith({ ips: [{ address: 'fd07::5/64' }], routes: [{ dst: 'fd00::/8' }] }));
  expect(routes.map(({ dst }) => dst)).toEqual(['fd00::1/128', 'fd07::/64', 'fd00::/8']);
});

test.each([
  ['the IPAM plugin fails', 'local ADD'],
  ['a later step fails', 'attachPrograms'],
])('ADD runs the IPAM plugin’s DEL when %s', async (_name, step) => {
  const tools = toolsWith({ ips: [{ address: '10.7.0.5/24' }] });
  tools.failures.set(step, coded('NETLINK', 'refused'));
  await expect(add(callOf('ADD', conf), tools)).rejects.toThrow('refused');
  expect(tools.done.slice(-3)).toEqual(['local DEL', 'deleteEndpoint', 'closePod']);
});

test('ADD of a live attachment does not reach the IPAM plugin', async () => {
  const tools = toolsWith({});
  tools.failures.set('createEndpoint', coded('exists'));
  await expect(add(callOf('ADD', conf), tools)).rejects.toThrow('exists');
  expect(tools.done).toEqual(['openPod', 'createEndpoint', 'closePod']);
});

test.each([
  ['no address', {}, 'has no address'],
  ['two of a family', { ips: [{ address: '10.7.0.5/24' }, { address: '10.7.0.6/24' }] }, 'a second one of its family'],
])('ADD refuses an answer with %s', async (_name, answer, message) => {
  await expect(add(callOf('ADD', conf), toolsWith(answer))).rejects.toMatchObject({
    code: 'delegate-failed',
    message: expect.stringContaining(message),
  });
});

test('DEL frees the address when the device is gone', async () => {
  const tools = new FakeTools();
  await del(callOf('DEL', conf), tools);
  expect(tools.done).toEqual(['disconnectEndpoint', 'deleteEndpoint', 'local DEL']);
});

test('GC and STATUS are passed on, and CHECK of what is whole', async () => {
  const tools = new FakeTools();
  await gc(callOf('GC', { ...conf, 'cni.dev/valid-attachments': [] }), tools);
  await status(callOf('STATUS', conf), { ...tools, delegates: tools.delegates, devices: () => [] });
  const result = await add(callOf('ADD'), tools);
  await check(callOf('CHECK', { ...conf, prevResult: { cniVersion: '1.1.0', ...result } }), tools);
  expect(tools.done.filter((step) => step.startsWith('local'))).toEqual(['local GC', 'local STATUS', 'local CHECK']);
});

test('STATUS does not mind full pools of the node, whose addresses nobody asks for', async () => {
  const tools = new FakeTools();
  const problem = 'pool default is full';
  tools.answers.set('health', { state: 'degraded', problems: [problem], addressProblems: [problem], version: '1' });
  await status(callOf('STATUS', conf), { ...tools, delegates: tools.delegates, devices: () => [] });
  expect(tools.done).toContain('local STATUS');
});

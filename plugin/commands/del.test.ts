import { expect, test } from 'vitest';
import { callOf, coded, endpoint, FakeTools } from '../testing/fakes.ts';
import { del } from './del.ts';

test('is one request', async () => {
  const tools = new FakeTools();
  await del(callOf('DEL'), tools);
  expect(tools.done).toEqual(['disconnectEndpoint']);
});

test('says where the container is when the runtime does', async () => {
  const tools = new FakeTools();
  const requests: unknown[] = [];
  tools.agent.disconnectEndpoint = async (request) => void requests.push(request);
  await del(callOf('DEL'), tools);
  await del(callOf('DEL', {}, { CNI_NETNS: '' }), tools);
  expect(requests).toEqual([
    { containerId: 'c1', ifname: 'eth0', netns: '/run/netns/a' },
    { containerId: 'c1', ifname: 'eth0' },
  ]);
});

test('waits until the device is gone when an IPAM plugin is to give the addresses to others', async () => {
  const tools = new FakeTools();
  await del(callOf('DEL', { ipam: { type: 'host-local' } }), tools);
  expect(tools.done).toEqual(['disconnectEndpoint', 'deleteEndpoint', 'host-local DEL']);
});

test("removes the rules of a table of the pod's own, which a daemon may be unable to", async () => {
  const tools = new FakeTools();
  tools.answers.set('disconnectEndpoint', { ...endpoint, state: 'disconnected', table: 20007 });
  await del(callOf('DEL'), tools);
  expect(tools.done).toEqual(['disconnectEndpoint', 'removeRules']);
});

test('does the rest itself with a daemon of before', async () => {
  const tools = new FakeTools();
  tools.answers.set('disconnectEndpoint', { ...endpoint, state: 'disconnecting' });
  await del(callOf('DEL'), tools);
  expect(tools.done).toEqual(['disconnectEndpoint', 'deleteDevice', 'removeLinks', 'deleteEndpoint']);
});

test('succeeds for an attachment that the daemon does not know, and looks for its device all the same', async () => {
  const tools = new FakeTools();
  tools.answers.set('disconnectEndpoint', undefined);
  await del(callOf('DEL', {}, { CNI_NETNS: '' }), tools);
  expect(tools.done).toEqual(['disconnectEndpoint', 'deleteDevice', 'removeLinks']);
});

test.each(['unreachable', 'starting'])('removes what it can and leaves a record when the daemon is %s', async (code) => {
  const tools = new FakeTools();
  tools.failures.set('disconnectEndpoint', coded(code));
  await del(callOf('DEL'), tools);
  expect(tools.done).toEqual(['disconnectEndpoint', 'deleteDevice', 'removeLinks', 'queue.put', 'disconnectEndpoint']);
});

test.each(['timeout', 'protocol', 'internal', 'bad-request'])(
  'leaves a record, without asking again, when the daemon answers %s',
  async (code) => {
    const tools = new FakeTools();
    tools.failures.set('disconnectEndpoint', coded(code));
    await del(callOf('DEL'), tools);
    expect(tools.done).toEqual(['disconnectEndpoint', 'deleteDevice', 'removeLinks', 'queue.put']);
  },
);

test('leaves a record when the daemon goes before the device is gone that an IPAM plugin waits for', async () => {
  const tools = new FakeTools();
  tools.failures.set('deleteEndpoint', coded('timeout'));
  await del(callOf('DEL', { ipam: { type: 'host-local' } }), tools);
  expect(tools.done.slice(-2)).toEqual(['queue.put', 'host-local DEL']);
});

test('withdraws the record when the daemon came up meanwhile', async () => {
  const tools = new FakeTools();
  tools.failures.set('disconnectEndpoint', coded('unreachable'));
  tools.queue.put = () => void tools.failures.clear();
  await del(callOf('DEL'), tools);
  expect(tools.done.slice(-2)).toEqual(['disconnectEndpoint', 'queue.remove']);
});

test.each([
  ['disconnectEndpoint', 'busy'],
  ['deleteDevice', 'NETLINK'],
])('fails when %s says %s: the runtime tries again', async (step, code) => {
  const tools = new FakeTools();
  if (step === 'deleteDevice') tools.answers.set('disconnectEndpoint', undefined);
  tools.failures.set(step, coded(code));
  await expect(del(callOf('DEL'), tools)).rejects.toThrow(code);
  expect(tools.done).not.toContain('queue.put');
});

test('fails when the record cannot be written', async () => {
  const tools = new FakeTools();
  tools.failures.set('disconnectEndpoint', coded('unreachable'));
  tools.failures.set('queue.put', coded('ENOSPC', 'disk full'));
  await expect(del(callOf('DEL'), tools)).rejects.toThrow('disk full');
});

import { expect, test } from 'vitest';
import { callOf, coded, endpoint, FakeTools } from '../testing/fakes.ts';
import { gc } from './gc.ts';

const key = 'cni.dev/valid-attachments';
const at = (containerId: string, network?: string) => ({ ...endpoint, containerId, ...(network !== undefined && { network }) });

function toolsWith(...endpoints: object[]): FakeTools {
  const tools = new FakeTools();
  tools.answers.set('listEndpoints', endpoints);
  const disconnect = tools.agent.disconnectEndpoint;
  tools.agent.disconnectEndpoint = async (one) => {
    tools.done.push(`DEL ${one.containerId}/${one.ifname}`);
    return await disconnect(one);
  };
  return tools;
}

const deleted = (tools: FakeTools) => tools.done.filter((step) => step.startsWith('DEL '));

test('frees what the list leaves out, whole, and nothing of another network or of none', async () => {
  const tools = toolsWith(at('keep', 'pods'), at('stale', 'pods'), at('other', 'storage'), at('old'));
  await gc(callOf('GC', { [key]: [{ containerID: 'keep', ifname: 'eth0' }] }), tools);
  expect(tools.done).toEqual(['listEndpoints', 'DEL stale/eth0', 'disconnectEndpoint', 'deleteEndpoint', 'queue.list']);
});

test('waits for the end of what was deleted before, and leaves an attachment of that name alone', async () => {
  const tools = toolsWith({ ...at('a', 'pods'), id: 8, state: 'disconnected' }, at('a', 'pods'));
  const ended: number[] = [];
  tools.agent.deleteEndpoint = async (id) => void ended.push(id);
  await gc(callOf('GC', { [key]: [{ containerID: 'a', ifname: 'eth0' }] }), tools);
  expect([deleted(tools), ended]).toEqual([[], [8]]);
});

test.each([[[]], [null]])('frees every attachment of the network when the list is %j', async (list) => {
  const tools = toolsWith(at('a', 'pods'), at('b', 'pods'));
  await gc(callOf('GC', { [key]: list }), tools);
  expect(deleted(tools)).toEqual(['DEL a/eth0', 'DEL b/eth0']);
});

test('takes the older key of libcni when the specified one is absent', async () => {
  const tools = toolsWith(at('a', 'pods'), at('b', 'pods'));
  await gc(callOf('GC', { 'cni.dev/attachments': [{ containerID: 'a', ifname: 'eth0' }] }), tools);
  expect(deleted(tools)).toEqual(['DEL b/eth0']);
});

test('refuses a configuration without a list, and frees nothing', async () => {
  const tools = toolsWith(at('a', 'pods'));
  await expect(gc(callOf('GC'), tools)).rejects.toMatchObject({ code: 'invalid-config' });
  expect(tools.done).toEqual([]);
});

test.each([[['a']], [[{ containerID: 'a' }]], ['a']])('refuses the list %j rather than guess', (list) => {
  expect(() => callOf('GC', { [key]: list })).toThrow(expect.objectContaining({ code: 'invalid-config' }));
});

test('tells one interface of a container from another', async () => {
  const tools = toolsWith(at('a', 'pods'), { ...at('a', 'pods'), ifname: 'net1' });
  await gc(callOf('GC', { [key]: [{ containerID: 'a', ifname: 'eth0' }] }), tools);
  expect(deleted(tools)).toEqual(['DEL a/net1']);
});

test('goes on after failures and tells all of them', async () => {
  const tools = toolsWith(at('a', 'pods'), at('b', 'pods'));
  tools.answers.set('disconnectEndpoint', undefined);
  tools.failures.set('deleteDevice', coded('NETLINK', 'delete link: operation not permitted'));
  await expect(gc(callOf('GC', { [key]: null }), tools)).rejects.toMatchObject({
    code: 'garbage-left',
    message: 'collect garbage of network pods: a/eth0: delete link: operation not permitted (and 1 more)',
    details: 'a/eth0: delete link: operation not permitted\nb/eth0: delete link: operation not permitted',
  });
});

test('finishes a DEL that the daemon has yet to hear of', async () => {
  const tools = toolsWith(at('a'));
  tools.answers.set('queue.list', [{ version: 1, containerId: 'a', ifname: 'eth0', queuedAt: '2026-01-02T00:00:00.000Z' }]);
  await gc(callOf('GC', { [key]: null }), tools);
  expect(deleted(tools)).toEqual(['DEL a/eth0']);
  expect(tools.done.at(-1)).toBe('queue.remove');
});

test('lists the endpoints once however many DELs are queued, and frees several attachments at a time', async () => {
  const names = Array.from({ length: 200 }, (_, index) => `c${index}`);
  const tools = toolsWith(...names.map((name) => at(name, 'pods')));
  const queued = names.map((containerId) => ({ version: 1, containerId, ifname: 'eth0', queuedAt: '2026-01-02T00:00:00.000Z' }));
  tools.answers.set('queue.list', queued);
  let [running, most] = [0, 0];
  const disconnect = tools.agent.disconnectEndpoint;
  tools.agent.disconnectEndpoint = async (one) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    return await disconnect(one);
  };
  await gc(callOf('GC', { [key]: null }), tools);
  const count = (name: string) => tools.done.filter((step) => step === name).length;
  expect([count('listEndpoints'), count('disconnectEndpoint'), count('queue.remove'), most]).toEqual([2, 400, 200, 16]);
});

test('takes the record of a DEL away when the attachment was made after it', async () => {
  const tools = toolsWith(at('a'));
  tools.answers.set('queue.list', [{ version: 1, containerId: 'a', ifname: 'eth0', queuedAt: '2025-01-01T00:00:00.000Z' }]);
  await gc(callOf('GC', { [key]: null }), tools);
  expect(deleted(tools)).toEqual([]);
  expect(tools.done.at(-1)).toBe('queue.remove');
});

test('fails with "try again" while the daemon is away', async () => {
  const tools = toolsWith();
  tools.failures.set('listEndpoints', coded('unreachable'));
  await expect(gc(callOf('GC', { [key]: null }), tools)).rejects.toMatchObject({ code: 'unreachable' });
});

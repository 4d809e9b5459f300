import { expect, test } from 'vitest';
import { callOf, coded, FakeTools } from '../testing/fakes.ts';
import { del } from './del.ts';

test('takes the endpoint out of the maps, then the device, then frees it', async () => {
  const tools = new FakeTools();
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

test.each(['timeout', 'protocol', 'internal'])('leaves a record, without asking again, when the daemon answers %s', async (code) => {
  const tools = new FakeTools();
  tools.failures.set('disconnectEndpoint', coded(code));
  await del(callOf('DEL'), tools);
  expect(tools.done).toEqual(['disconnectEndpoint', 'deleteDevice', 'removeLinks', 'queue.put']);
});

test('leaves a record when the daemon goes before the addresses are freed', async () => {
  const tools = new FakeTools();
  tools.failures.set('deleteEndpoint', coded('timeout'));
  await del(callOf('DEL'), tools);
  expect(tools.done.at(-1)).toBe('queue.put');
});

test('withdraws the record when the daemon came up meanwhile', async () => {
  const tools = new FakeTools();
  tools.failures.set('disconnectEndpoint', coded('unreachable'));
  tools.queue.put = () => void tools.failures.clear();
  await del(callOf('DEL'), tools);
  expect(tools.done.slice(-2)).toEqual(['deleteEndpoint', 'queue.remove']);
});

test.each([
  ['disconnectEndpoint', 'busy'],
  ['deleteDevice', 'NETLINK'],
])('fails when %s says %s: the runtime tries again', async (step, code) => {
  const tools = new FakeTools();
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

import { expect, test, vi } from 'vitest';
import { CNI_CODES, toCniError } from '../../conf/cni/errors.ts';
import { callOf, coded, endpoint, FakeTools } from '../testing/fakes.ts';
import { status } from './status.ts';

const whole = ['lo', 'axo_host', 'axo_net', endpoint.hostIfname];

async function answerOf(tools: FakeTools, devices = whole): Promise<[number, string] | undefined> {
  const error = await status(callOf('STATUS'), { agent: tools.agent, delegates: tools.delegates, devices: () => devices }).then(
    () => undefined,
    toCniError,
  );
  return error && [CNI_CODES[error.code], error.message];
}

test('is silent when an ADD would be served', async () => {
  expect(await answerOf(new FakeTools())).toBeUndefined();
});

test('asks about the pool that the configuration names', async () => {
  const tools = new FakeTools();
  const health = vi.spyOn(tools.agent, 'health');
  for (const conf of [{}, { ipam: { pool: 'blue' } }]) {
    await status(callOf('STATUS', conf), { agent: tools.agent, delegates: tools.delegates, devices: () => whole });
  }
  expect(health.mock.calls).toEqual([[undefined], ['blue']]);
});

test.each([
  ['starting', [], 'serve ADD: the daemon is starting'],
  ['degraded', ['pool default is full', 'no route'], 'serve ADD: pool default is full (and 1 more)'],
])('answers 50 when the daemon is %s', async (state, problems, message) => {
  const tools = new FakeTools();
  tools.answers.set('health', { state, problems, version: '1' });
  expect(await answerOf(tools)).toEqual([50, message]);
});

test.each(['unreachable', 'timeout', 'protocol', 'internal'])('answers 50 when the daemon is away: %s', async (code) => {
  const tools = new FakeTools();
  tools.failures.set('health', coded(code, 'it is not running'));
  expect(await answerOf(tools)).toEqual([50, 'serve ADD: it is not running']);
});

test('answers 51 when there are pods, and the node has lost its leg', async () => {
  const tools = new FakeTools();
  tools.failures.set('health', coded('unreachable', 'it is not running'));
  expect(await answerOf(tools, ['lo', endpoint.hostIfname])).toEqual([51, 'serve ADD: it is not running']);
  expect(await answerOf(tools, ['lo'])).toEqual([50, 'serve ADD: it is not running']);
});

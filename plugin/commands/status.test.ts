import { expect, test } from 'vitest';
import { CNI_CODES, toCniError } from '../../conf/cni/errors.ts';
import { coded, FakeTools } from '../testing/fakes.ts';
import { status } from './status.ts';

test('is silent when an ADD would be served', async () => {
  await expect(status(new FakeTools().agent)).resolves.toBeUndefined();
});

test.each([
  ['starting', [], 'serve ADD: the daemon is starting'],
  ['degraded', ['pool default is full', 'no route'], 'serve ADD: pool default is full (and 1 more)'],
])('answers 50 when the daemon is %s', async (state, problems, message) => {
  const tools = new FakeTools();
  tools.answers.set('health', { state, problems, version: '1' });
  const error = await status(tools.agent).then(() => undefined, toCniError);
  expect([error && CNI_CODES[error.code], error?.message]).toEqual([50, message]);
});

test.each(['unreachable', 'timeout', 'protocol', 'internal'])('answers 50 when the daemon is away: %s', async (code) => {
  const tools = new FakeTools();
  tools.failures.set('health', coded(code, 'it is not running'));
  const error = await status(tools.agent).then(() => undefined, toCniError);
  expect([error && CNI_CODES[error.code], error?.message]).toEqual([50, 'serve ADD: it is not running']);
});

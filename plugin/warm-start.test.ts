import { expect, test } from 'vitest';
import { warmStart } from './warm-start.ts';

test('without a launcher nothing was waited for and nothing begun', () => {
  expect(warmStart({})).toEqual({ waitedMs: 0, end: undefined });
  expect(warmStart({ AXONEME_WAITED_MS: 'soon', AXONEME_WARM: 'maybe' })).toEqual({ waitedMs: 0, end: undefined });
});

test('a daemon that took the call and did not answer is told of, with what the runtime may do', () => {
  expect(warmStart({ AXONEME_WAITED_MS: '800', AXONEME_WARM: 'lost' })).toMatchObject({ waitedMs: 800, end: { code: 'unreachable' } });
  const { end } = warmStart({ AXONEME_WAITED_MS: '10001', AXONEME_WARM: 'silent' });
  expect(end).toMatchObject({ code: 'timeout', message: 'ask axoneme daemon to serve the call: no answer within 10001 ms' });
});

import { expect, it } from 'vitest';
import { passedSocket } from './activation.ts';

it.each([
  ['nothing was passed', {}],
  ['it was meant for another process', { LISTEN_PID: '1', LISTEN_FDS: '1' }],
  ['only half of the protocol is there', { LISTEN_PID: '77' }],
])('takes no socket when %s', (_, env) => {
  expect(passedSocket(env, 77)).toBeUndefined();
});

it('refuses two sockets', () => {
  expect(() => passedSocket({ LISTEN_PID: '77', LISTEN_FDS: '2' }, 77)).toThrow('LISTEN_FDS is 2, and axoneme serves one socket');
});

it('leaves no variable for children', () => {
  const env = { LISTEN_PID: '1', LISTEN_FDS: '1', LISTEN_FDNAMES: 'axoneme.socket', PATH: '/bin' };
  passedSocket(env, 77);
  expect(env).toEqual({ PATH: '/bin' });
});

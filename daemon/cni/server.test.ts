import { existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Fd, liveFds, SyscallError, UnixConnection, UnixListener } from '../../native/index.ts';
import { encodeRequest } from './protocol.ts';
import { encodeStatusCall } from './status-cache.ts';
import { createStage, readEnding, sendCall } from './testing.ts';

const conf = (root: string, more: object = {}) => ({ cniVersion: '1.1.0', name: 'pods', type: 'axoneme-cni', root, ...more });
const attachment = { CNI_CONTAINERID: 'c1', CNI_IFNAME: 'eth0', CNI_NETNS: '/run/netns/a', CNI_PATH: '/opt/cni/bin' };

let before: ReadonlyMap<number, string>;
let stage: ReturnType<typeof createStage>;
beforeEach(() => {
  before = liveFds();
  stage = createStage();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await stage[Symbol.asyncDispose]();
  expect(liveFds(), 'descriptors left open').toEqual(before);
});

async function call(env: Readonly<Record<string, string>>, input: object | string) {
  using connection = stage.connect();
  sendCall(connection, env, input);
  return await readEnding(connection);
}

test('the socket is of root alone', () => {
  expect(statSync(stage.paths.cniSocket).mode & 0o777).toBe(0o600);
});

test('verbs that need no pod are answered whole', async () => {
  const version = await call({ CNI_COMMAND: 'VERSION' }, { cniVersion: '0.4.0' });
  expect(version).toMatchObject({ status: 0, stdout: expect.stringContaining('"cniVersion":"0.4.0"'), stderr: '' });
  expect(await call({ CNI_COMMAND: 'STATUS', CNI_PATH: '/x' }, conf(stage.root))).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(await call({ CNI_COMMAND: 'DEL', ...attachment }, conf(stage.root))).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(stage.daemon.asked).toEqual(['health', 'disconnect']);
});

test('what is wrong with a call is told as by the cold executable, on stdout and stderr', async () => {
  const refused = await call({ CNI_COMMAND: 'ADD', CNI_CONTAINERID: '' }, 'no json');
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringMatching(/^axoneme-cni: read environment for ADD/) });
  expect(typeof refused === 'object' && JSON.parse(refused.stdout)).toMatchObject({ code: 4 });
  const undecoded = await call({ CNI_COMMAND: 'STATUS', CNI_PATH: '/x' }, 'no json');
  expect(typeof undecoded === 'object' && JSON.parse(undecoded.stdout)).toMatchObject({ code: 6 });
});

test('a fault of the daemon fails one call, and the next one is served', async () => {
  const gc = { 'cni.dev/valid-attachments': [] };
  const failed = await call({ CNI_COMMAND: 'GC', CNI_PATH: '/x' }, conf(stage.root, gc));
  expect(typeof failed === 'object' && JSON.parse(failed.stdout)).toMatchObject({ code: 999, msg: 'a fault of the daemon' });
  expect(await call({ CNI_COMMAND: 'STATUS', CNI_PATH: '/x' }, conf(stage.root))).toMatchObject({ status: 0 });
});

test.each([
  ['another root', { CNI_COMMAND: 'STATUS', CNI_PATH: '/x' }, conf('/elsewhere')],
  ['no root of its own', { CNI_COMMAND: 'STATUS', CNI_PATH: '/x' }, { cniVersion: '1.1.0', name: 'pods', type: 'axoneme-cni' }],
  ['a namespace that did not come along', { CNI_COMMAND: 'ADD', ...attachment }, undefined],
])('a call with %s is for the cold executable', async (_, env, input) => {
  expect(await call(env, input ?? conf(stage.root))).toBe('declined');
  expect(stage.daemon.asked).toEqual([]);
});

test('a call whose addresses another plugin gives is for the cold executable', async () => {
  const input = conf(stage.root, { ipam: { type: 'host-local' } });
  for (const verb of ['ADD', 'DEL', 'STATUS']) expect(await call({ CNI_COMMAND: verb, ...attachment }, input)).toBe('declined');
  expect(stage.daemon.asked).toEqual([]);
});

test('AXONEME_ROOT of the call is its root', async () => {
  const env = { CNI_COMMAND: 'STATUS', CNI_PATH: '/x', AXONEME_ROOT: `${stage.root}/` };
  expect(await call(env, { cniVersion: '1.1.0', name: 'pods', type: 'axoneme-cni' })).toMatchObject({ status: 0 });
});

test('a daemon that does not serve, and a launcher of another version, part without harm', async () => {
  stage.daemon.serving = false;
  expect(await call({ CNI_COMMAND: 'VERSION' }, '{}')).toBe('declined');
  using connection = stage.connect();
  using stdin = Fd.adopt(openSync('/dev/null', 'r'), 'stdin');
  connection.send(encodeRequest({}, [], 2), [stdin]);
  expect(await readEnding(connection)).toBe('declined');
});

test('what is no request is shown the door, with its descriptors', async () => {
  using stdin = Fd.adopt(openSync('/dev/null', 'r'), 'stdin');
  for (const [data, fds] of [
    [Buffer.from('GET / HTTP/1.1\r\n\r\n'), []],
    [Buffer.from('x'), [stdin, stdin]],
    [encodeRequest({ CNI_COMMAND: 'VERSION' }, ['netns']), [stdin]],
    [encodeRequest({ CNI_COMMAND: 'VERSION' }, []), []],
  ] as const) {
    using connection = stage.connect();
    connection.send(data, fds);
    expect(await readEnding(connection)).toBe('closed');
  }
});

test('stdin that is no sealed memory file is an error of that call', async () => {
  using connection = stage.connect();
  using stdin = Fd.adopt(openSync('/dev/zero', 'r'), 'stdin');
  connection.send(encodeRequest({ CNI_COMMAND: 'STATUS', CNI_PATH: '/x' }, []), [stdin]);
  const ending = await readEnding(connection);
  expect(typeof ending === 'object' && JSON.parse(ending.stdout)).toMatchObject({ code: 5, msg: 'read configuration from stdin' });
});

test('for a launcher that is gone before it was told, nothing is begun', async () => {
  {
    using connection = stage.connect();
    sendCall(connection, { CNI_COMMAND: 'DEL', ...attachment }, conf(stage.root));
  }
  await sleep(50);
  expect(stage.daemon.asked).toEqual([]);
});

test('when no call can be accepted, the listener rests, and serves again after that', async () => {
  const accept = vi.spyOn(UnixListener.prototype, 'accept').mockImplementation(() => {
    throw new SyscallError('accept4', 24, 'accept');
  });
  const waiting = call({ CNI_COMMAND: 'STATUS', CNI_PATH: '/x' }, conf(stage.root));
  await expect.poll(() => accept.mock.calls.length).toBeGreaterThan(0);
  await sleep(60);
  // one that tried again at once would have done so thousands of times
  expect(accept.mock.calls.length).toBeLessThan(20);
  accept.mockRestore();
  expect(await waiting).toMatchObject({ status: 0 });
});

test('a connection that cannot be watched is closed, and the next one served', async () => {
  const accept = vi.spyOn(UnixListener.prototype, 'accept');
  accept.mockImplementationOnce(() => new UnixConnection(Fd.adopt(openSync('/etc/passwd', 'r'), 'a file that nobody can poll')));
  expect(await call({ CNI_COMMAND: 'STATUS', CNI_PATH: '/x' }, conf(stage.root))).toMatchObject({ status: 0 });
});

test('the end waits for calls under way, and takes the socket away', async () => {
  using connection = stage.connect();
  sendCall(connection, { CNI_COMMAND: 'DEL', ...attachment }, conf(stage.root));
  while (stage.daemon.asked.length === 0) await sleep(1);
  await stage.server.close();
  expect(existsSync(stage.paths.cniSocket)).toBe(false);
  expect(await readEnding(connection)).toMatchObject({ status: 0 });
});

test('a STATUS that found nothing wrong is published as it came, for as long as nothing is wrong', async () => {
  const published = () => {
    stage.statuses.publish();
    return readFileSync(stage.paths.statusCache);
  };
  expect(published(), 'what an earlier daemon left').toHaveLength(0);
  await call({ CNI_COMMAND: 'STATUS', CNI_PATH: '/x' }, '{"no":"network"}');
  expect(published()).toHaveLength(0);
  const input = JSON.stringify(conf(stage.root));
  await call({ CNI_COMMAND: 'STATUS', CNI_PATH: '/x' }, input);
  const environment = Buffer.from('CNI_COMMAND=STATUS\0CNI_PATH=/x\0');
  expect(published()).toEqual(encodeStatusCall({ environment, stdin: Buffer.from(input) }));
  stage.daemon.state = 'starting';
  expect(published()).toHaveLength(0);
  stage.daemon.state = 'ok';
  expect(published()).not.toHaveLength(0);
  for (let n = 0; n < 20; n++) await call({ CNI_COMMAND: 'STATUS', CNI_PATH: `/x${n}` }, input);
  expect(
    published()
      .toString()
      .match(/CNI_PATH=\/x\d+/g),
  ).toHaveLength(8);
});

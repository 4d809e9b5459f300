import { expect, test } from 'vitest';
import { errorBody, toCniError } from '../../conf/cni/errors.ts';
import { callOf, endpoint, FakeTools, whole } from '../testing/fakes.ts';
import type { Observation } from '../types.ts';
import { add } from './add.ts';
import { check } from './check.ts';

const prevResult = await add(callOf('ADD'), new FakeTools());

async function problemsOf(seen: Partial<Observation>, result: object = prevResult, reported: string[] = []): Promise<string[]> {
  const tools = new FakeTools();
  tools.answers.set('observe', { ...whole, ...seen });
  tools.answers.set('checkEndpoint', { endpoint, problems: reported });
  const error = await check(callOf('CHECK', { prevResult: result }), tools).then(() => undefined, toCniError);
  return error ? (errorBody(error, '1.1.0').details ?? error.message).split('\n') : [];
}

test('passes right after ADD', async () => {
  expect(await problemsOf({})).toEqual([]);
});

const { container, host } = whole;

test.each<[string, Partial<Observation>]>([
  ['interface eth0 is gone', { container: undefined, routes: [] }],
  ['interface eth0 is down', { container: container && { ...container, up: false } }],
  [
    'interface eth0 has MAC 02:00:00:00:00:99, not 02:00:00:00:00:02',
    { container: container && { ...container, mac: '02:00:00:00:00:99' } },
  ],
  ['interface eth0 has MTU 1400, not 1500', { container: container && { ...container, mtu: 1400 } }],
  ['address fd00::5/128 is gone', { container: container && { ...container, addresses: ['10.0.0.5/32'] } }],
  ['host device lxc18b8fe0ca3 is gone', { host: undefined }],
  ['host device lxc18b8fe0ca3 is down', { host: host && { ...host, up: false } }],
  ['route 0.0.0.0/0 via 10.0.0.1 on eth0 is gone', { routes: whole.routes.filter(({ dst }) => dst !== '0.0.0.0/0') }],
  ['route 10.0.0.1/32 on eth0 is gone', { routes: whole.routes.slice(1) }],
  ['ingress program is gone or detached', { ingress: { link: undefined, expectedProgramId: 40 } }],
  ['egress link is on interface 8, not 9', { egress: { link: { kind: 'tcx', ifindex: 8, programId: 41 }, expectedProgramId: 41 } }],
  ['egress link holds program 40, not 41', { egress: { link: { kind: 'tcx', ifindex: 9, programId: 40 }, expectedProgramId: 41 } }],
  ['pinned program of ingress is gone', { ingress: { link: { kind: 'tcx', ifindex: 9, programId: 40 }, expectedProgramId: undefined } }],
])('finds: %s', async (problem, seen) => {
  expect(await problemsOf(seen)).toEqual([problem]);
});

test('tells what the daemon finds, and everything at once', async () => {
  const tools = new FakeTools();
  tools.answers.set('observe', { ...whole, host: undefined });
  tools.answers.set('checkEndpoint', { endpoint, problems: ['no map entry for 10.0.0.5'] });
  const error = await check(callOf('CHECK', { prevResult }), tools).then(() => undefined, toCniError);
  expect(error && errorBody(error, '1.1.0')).toEqual({
    cniVersion: '1.1.0',
    code: 103,
    msg: 'check attachment c1/eth0: host device lxc18b8fe0ca3 is gone (and 1 more)',
    details: 'host device lxc18b8fe0ca3 is gone\nno map entry for 10.0.0.5',
  });
});

test('takes the changes of later plugins for granted: prevResult has them', async () => {
  const result = {
    ...prevResult,
    interfaces: prevResult.interfaces.map((one) => ({ ...one, mac: one.sandbox ? '02:00:00:00:00:77' : one.mac })),
  };
  expect(await problemsOf({ container: container && { ...container, mac: '02:00:00:00:00:77' } }, result)).toEqual([]);
});

test('checks less where an older result says less', async () => {
  const result = {
    ips: prevResult.ips,
    interfaces: prevResult.interfaces.map(({ name, sandbox }) => ({ name, ...(sandbox && { sandbox }) })),
  };
  expect(await problemsOf({}, result)).toEqual([]);
});

test('refuses a call without prevResult, and one whose prevResult is about something else', async () => {
  await expect(check(callOf('CHECK'), new FakeTools())).rejects.toThrow('CHECK needs the result of ADD');
  expect(await problemsOf({}, { interfaces: [{ name: 'eth1', sandbox: '/run/netns/a' }] })).toEqual([
    'prevResult has no interface eth0 in /run/netns/a',
  ]);
});

test('says so when nobody added the attachment', async () => {
  const tools = new FakeTools();
  tools.answers.set('checkEndpoint', undefined);
  const error = await check(callOf('CHECK', { prevResult }), tools).then(() => undefined, toCniError);
  expect(error?.code).toBe('unknown-container');
});

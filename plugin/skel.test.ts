import { expect, test } from 'vitest';
import type { CniResult } from '../conf/cni/types.ts';
import { reportFailure, runPlugin } from './skel.ts';
import type { Handlers } from './types.ts';

const env = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/a', CNI_IFNAME: 'eth0', CNI_PATH: '/x' };
const conf = { cniVersion: '1.0.0', name: 'pods', type: 'axoneme-cni' };

const result: CniResult = { interfaces: [{ name: 'eth0', mtu: 1500 }], ips: [{ address: '10.0.0.5/32' }], routes: [] };

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly called: string[];
}

async function run(environment: Record<string, string>, stdin: string | Error, failure?: unknown): Promise<Run> {
  const [out, err, called] = [[] as string[], [] as string[], [] as string[]];
  const handler = (name: string, answer?: CniResult) => async (): Promise<CniResult | undefined> => {
    called.push(name);
    if (failure !== undefined) throw failure;
    return answer;
  };
  const handlers: Handlers = {
    ADD: handler('ADD', result),
    DEL: handler('DEL'),
    CHECK: handler('CHECK'),
    GC: handler('GC'),
    STATUS: handler('STATUS'),
  };
  const edge = {
    env: environment,
    readStdin: () => {
      if (stdin instanceof Error) throw stdin;
      return Buffer.from(stdin);
    },
    stdout: (text: string) => void out.push(text),
    stderr: (text: string) => void err.push(text),
  };
  const status = await runPlugin(edge, handlers);
  expect(out.length).toBeLessThanOrEqual(1);
  return { status, stdout: out.join(''), stderr: err.join(''), called };
}

test('prints the result in the version of the request, and nothing else', async () => {
  const { status, stdout, stderr } = await run(env, JSON.stringify(conf));
  expect([status, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toEqual({ cniVersion: '1.0.0', interfaces: [{ name: 'eth0' }], ips: [{ address: '10.0.0.5/32' }] });
});

test.each(['DEL', 'CHECK'])('prints nothing for %s', async (command) => {
  expect(await run({ ...env, CNI_COMMAND: command }, JSON.stringify(conf))).toMatchObject({ status: 0, stdout: '', called: [command] });
});

test('answers VERSION with little: placeholders in the environment, nothing on stdin', async () => {
  const { status, stdout } = await run({ CNI_COMMAND: 'VERSION', CNI_NETNS: 'dummy', CNI_IFNAME: 'dummy', CNI_PATH: 'dummy' }, '');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    cniVersion: '1.1.0',
    supportedVersions: ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'],
  });
  const echoed = await run({ CNI_COMMAND: 'VERSION' }, '{"cniVersion":"0.4.0"}');
  expect(JSON.parse(echoed.stdout).cniVersion).toBe('0.4.0');
});

test.each<[string, Record<string, string>, string | Error, number, string]>([
  ['an unknown command', { ...env, CNI_COMMAND: 'FROB' }, '{}', 4, 'read environment: CNI_COMMAND "FROB" unknown'],
  ['no command', { CNI_PATH: '/x' }, '{}', 4, 'read environment: CNI_COMMAND missing'],
  ['a missing variable', { ...env, CNI_IFNAME: '' }, '{}', 4, 'read environment for ADD: CNI_IFNAME missing'],
  ['a broken stdin', env, new Error('EISDIR'), 5, 'read configuration from stdin'],
  ['an empty stdin', env, '', 6, 'decode configuration on stdin: it is empty'],
  ['no JSON', env, '{"name"', 6, 'decode configuration on stdin: not a JSON text in UTF-8'],
  ['no name', env, '{"cniVersion":"1.0.0"}', 7, 'read name: the network configuration has none'],
  ['an unknown version', env, '{"cniVersion":"9.9.9","name":"pods"}', 1, 'accept cniVersion "9.9.9": not supported'],
  ['an unknown key', env, JSON.stringify({ ...conf, bridge: 'b0' }), 2, 'read bridge: "b0" is not a key that axoneme knows'],
  [
    'a verb of a later version',
    { ...env, CNI_COMMAND: 'STATUS' },
    JSON.stringify(conf),
    1,
    'run STATUS with cniVersion 1.0.0: the verb came with 1.1.0',
  ],
])('answers %s with an error object and touches nothing', async (_, environment, stdin, code, msg) => {
  const { status, stdout, stderr, called } = await run(environment, stdin);
  expect([status, called]).toEqual([1, []]);
  expect(JSON.parse(stdout)).toMatchObject({ code, msg });
  expect(stderr).toBe(`axoneme-cni: ${msg}\n`);
});

test('gives the error object the version of the request, even if the environment is at fault', async () => {
  const { stdout } = await run({ ...env, CNI_NETNS: '' }, JSON.stringify({ ...conf, cniVersion: '0.3.1' }));
  expect(JSON.parse(stdout).cniVersion).toBe('0.3.1');
  const unknown = await run(env, JSON.stringify({ ...conf, cniVersion: '9.9.9' }));
  expect(JSON.parse(unknown.stdout).cniVersion).toBe('1.1.0');
});

test('answers a bug with 999 and keeps the stack for stderr', async () => {
  const { status, stdout, stderr } = await run(env, JSON.stringify(conf), new TypeError('x is not a function'));
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toEqual({ cniVersion: '1.0.0', code: 999, msg: 'x is not a function' });
  expect(stderr).toContain('skel.test.ts');
});

test('introduces itself to a person who runs it by hand', async () => {
  const { status, stdout, stderr } = await run({ PATH: '/bin' }, new Error('not read'));
  expect([status, stdout]).toEqual([0, '']);
  expect(stderr).toContain('CNI plugin');
});

test('has an error object for what nobody caught', () => {
  const out: string[] = [];
  const edge = { env, readStdin: () => new Uint8Array(), stdout: (text: string) => void out.push(text), stderr: () => undefined };
  expect(reportFailure(edge, 'thrown text')).toBe(1);
  expect(JSON.parse(out.join(''))).toEqual({ cniVersion: '1.1.0', code: 999, msg: 'unexpected failure: thrown text' });
});

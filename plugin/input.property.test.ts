import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endpointRequest } from '../conf/api/schemas.ts';
import { CNI_CODES } from '../conf/cni/errors.ts';
import { add } from './commands/add.ts';
import { runPlugin } from './skel.ts';
import type { Handlers, PluginCall, Tools } from './types.ts';

/* Whatever a runtime or a conflist says: it is refused with a code that tells whose fault it is, never as an internal error (999). */

const nasty = fc.constantFrom(
  ...['', ' ', '.', '..', '%', 'eth%d', 'eth0', 'à', '\u0000', 'a/b', 'a:b', '-', '*', '😀', '\n', 'lxc0123456789', '10.0.0.5', '::1', '/'],
  ...['x'.repeat(16), 'x'.repeat(250), 'x'.repeat(1000), `/${'x'.repeat(5000)}`, '/run/netns/a', 'K8S_POD_NAME=a;IP=x', 'IP=1.2.3.4,;MAC='],
);
const text = fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ maxLength: 300 }));
/** An environment cannot hold a zero byte. */
const variable = fc.option(text, { nil: undefined }).map((value) => value?.replaceAll('\0', ''));
const or = <T>(usual: T, other: fc.Arbitrary<T | undefined>) => fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, other);

const environment = fc.record({
  CNI_COMMAND: or('ADD', fc.constantFrom('DEL', 'CHECK', 'GC', 'STATUS', 'VERSION', 'x')),
  CNI_CONTAINERID: or('c1', variable),
  CNI_NETNS: or('/run/netns/a', variable),
  CNI_IFNAME: or('eth0', variable),
  CNI_PATH: or('/opt/cni/bin', variable),
  CNI_ARGS: or('IgnoreUnknown=1', variable),
});

const value: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.array(text, { maxLength: 3 }),
  fc.jsonValue(),
);
const maybe = (usual: unknown) => or<unknown>(usual, value);
const conf = fc.record(
  {
    cniVersion: or<unknown>('1.1.0', fc.constantFrom('0.1.0', '0.4.0', '9.9.9', 1)),
    name: maybe('pods'),
    type: maybe('axoneme-cni'),
    mtu: maybe(undefined),
    root: maybe(undefined),
    ipam: maybe(undefined).map((pool) => (typeof pool === 'string' ? { pool } : pool)),
    args: or<unknown>(undefined, fc.oneof(value, fc.record({ cni: fc.record({ ips: value, mac: value }) }))),
    runtimeConfig: or<unknown>(
      undefined,
      fc.oneof(value, fc.record({ ips: maybe([]), mac: maybe(''), dns: maybe({}), portMappings: maybe([]) })),
    ),
    dns: maybe(undefined),
  },
  { requiredKeys: ['cniVersion', 'name', 'type'] },
);
const stdin = fc.oneof({ weight: 4, arbitrary: conf.map((object) => JSON.stringify(object)) }, text, fc.json());

const usual = {
  CNI_COMMAND: 'ADD' as const,
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/run/netns/a',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/x',
  CNI_ARGS: '',
};
/** What reached the kernel once, or would have. */
const examples: [typeof usual, string][] = [
  { ...usual, CNI_IFNAME: 'eth%d' },
  { ...usual, CNI_CONTAINERID: 'c'.repeat(250) },
  { ...usual, CNI_CONTAINERID: 'c'.repeat(1000) },
  { ...usual, CNI_NETNS: `/${'n'.repeat(5000)}` },
].map((env) => [env, JSON.stringify({ cniVersion: '1.1.0', name: 'pods', type: 'axoneme-cni' })]);

const failing = (code: string) => Object.assign(new Error(`stopped: ${code}`), { code });

/** The daemon's door: it checks the request by its schema and is busy then. */
const tools = {
  agent: {
    isLost: false,
    createEndpoint: async (request: unknown) => {
      const issues = endpointRequest.safeParse(request).error?.issues ?? [];
      // The environment is the plugin's to judge (code 4); of the rest the daemon may refuse something (code 7).
      const late = issues.find(({ path }) => ['containerId', 'ifname', 'netns'].includes(String(path[0])));
      if (late !== undefined) throw new Error(`the daemon refuses what the plugin let through: ${late.path}`);
      throw failing(issues.length === 0 ? 'busy' : 'bad-request');
    },
  },
  host: { openPod: async () => ({ identity: '1:1', [Symbol.dispose]: () => undefined }), defaultRoutes: async () => new Set() },
} as unknown as Tools;

const nothing = async () => undefined;
const handlers: Handlers = { ADD: (call: PluginCall) => add(call, tools), DEL: nothing, CHECK: nothing, GC: nothing, STATUS: nothing };

test('no input reaches code 999, and each is refused in one line', async () => {
  const codes = new Set<number>();
  await fc.assert(
    fc.asyncProperty(environment, stdin, async (env, input) => {
      const out: string[] = [];
      const edge = {
        env: Object.fromEntries(Object.entries(env).filter(([, one]) => one !== undefined)) as Record<string, string>,
        readStdin: () => Buffer.from(input),
        stdout: (answer: string) => void out.push(answer),
        stderr: () => undefined,
      };
      if ((await runPlugin(edge, handlers)) === 0) return;
      const { code, msg } = JSON.parse(out.join('')) as { code: number; msg: string };
      codes.add(code);
      expect([code, msg]).not.toEqual([CNI_CODES.internal, msg]);
      expect(msg).not.toMatch(/\n/);
    }),
    { numRuns: 5000, examples },
  );
  // Among them calls that were refused by each layer, and some that the daemon would have served.
  for (const name of ['invalid-environment', 'decode-failure', 'invalid-config', 'unsupported-field', 'try-again-later'] as const) {
    expect([...codes], name).toContain(CNI_CODES[name]);
  }
});

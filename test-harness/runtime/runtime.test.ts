import { describe, expect, it } from 'vitest';
import type { ExecOptions, ExecResult } from '../lab/exec.ts';
import { CniError } from './cni-error.ts';
import type { PluginHost } from './invoke.ts';
import { Runtime } from './runtime.ts';

interface Seen {
  readonly plugin: string;
  readonly env: Record<string, string>;
  readonly config: Record<string, unknown>;
}

type Answer = Partial<ExecResult> | undefined;

/** A machine that is a map of files, with plugins that are functions. */
function fakeHost(
  files: Record<string, string>,
  answer: (seen: Seen) => Answer,
): { host: PluginHost; seen: Seen[]; files: Map<string, string> } {
  const store = new Map(Object.entries(files));
  const seen: Seen[] = [];
  const host: PluginHost = {
    async exec([path = ''], { env = {}, input = '' }: ExecOptions = {}) {
      const call = { plugin: path, env: { ...env }, config: JSON.parse(input) as Record<string, unknown> };
      seen.push(call);
      return { code: 0, signal: null, stdout: '', stderr: '', killed: false, duration: 1, ...answer(call) };
    },
    listFolder: async (folder) =>
      [...store.keys()]
        .filter((name) => name.startsWith(`${folder}/`))
        .map((name) => name.slice(folder.length + 1))
        .sort(),
    readFile: async (path) => store.get(path) ?? '',
    writeFile: async (path, content) => void store.set(path, content),
    remove: async (path) => void store.delete(path),
    exists: async (path) => path.startsWith('/opt/cni/bin/') || store.has(path),
  };
  return { host, seen, files: store };
}

const chain = (cniVersion: string, more: object = {}) => ({
  '/etc/cni/net.d/10-n.conflist': JSON.stringify({
    cniVersion,
    name: 'n',
    plugins: [{ type: 'first', capabilities: { portMappings: true, mac: false } }, { type: 'second' }],
    ...more,
  }),
});

const pod = {
  containerId: 'c1',
  netns: '/run/netns/p',
  args: { IgnoreUnknown: '1', K8S_POD_NAME: 'web' },
  capabilityArgs: { portMappings: [1], mac: 'x' },
};
const cachePath = '/var/lib/cni/results/n-c1-eth0';

function results({ env, config }: Seen): Answer {
  if (env['CNI_COMMAND'] !== 'ADD') return undefined;
  return { stdout: JSON.stringify({ cniVersion: config['cniVersion'], ips: [], seenBefore: config['prevResult'] !== undefined }) };
}

describe('ADD', () => {
  it('hands each result to the next plugin and caches the last', async () => {
    const { host, seen, files } = fakeHost(chain('1.0.0'), results);
    const runtime = new Runtime(host);
    const result = await runtime.add(await runtime.network('n'), pod);
    expect(result['seenBefore']).toBe(true);
    expect(seen.map((call) => call.plugin)).toEqual(['/opt/cni/bin/first', '/opt/cni/bin/second']);
    expect(seen[1]?.config['prevResult']).toMatchObject({ seenBefore: false });
    expect(JSON.parse(files.get(cachePath) ?? '')).toMatchObject({ kind: 'cniCacheV1', networkName: 'n', netns: '/run/netns/p', result });
  });

  it('sets the variables and gives capabilities only to those who ask', async () => {
    const { host, seen } = fakeHost(chain('1.0.0'), results);
    const runtime = new Runtime(host, { env: { LANG: 'C' }, pluginDirs: ['/nowhere', '/opt/cni/bin'] });
    await runtime.add(await runtime.network('n'), pod);
    expect(seen[0]?.env).toEqual({
      LANG: 'C',
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: 'c1',
      CNI_NETNS: '/run/netns/p',
      CNI_IFNAME: 'eth0',
      CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAME=web',
      CNI_PATH: '/nowhere:/opt/cni/bin',
    });
    expect(seen.map((call) => call.config['runtimeConfig'])).toEqual([{ portMappings: [1] }, undefined]);
  });

  it('stops at the first failure, with its error, and caches nothing', async () => {
    const refusal = { code: 1, stdout: '{"cniVersion":"1.0.0","code":11,"msg":"try again later","details":"daemon is away"}' };
    const { host, seen, files } = fakeHost(chain('1.0.0'), () => refusal);
    const runtime = new Runtime(host);
    const failed = runtime.add(await runtime.network('n'), pod);
    await expect(failed).rejects.toMatchObject({ name: 'CniError', code: 11, msg: 'try again later', details: 'daemon is away' });
    expect(seen).toHaveLength(1);
    expect(files.has(cachePath)).toBe(false);
  });

  it.each([
    [{ code: 2, stdout: '', stderr: 'panic: oh' }, 'failed with only this on stderr: panic: oh'],
    [{ code: 2 }, 'failed without a word'],
    [{ code: 2, stdout: 'not json' }, 'failed with an unreadable error: not json'],
    [{ code: null, killed: true }, 'killed at the timeout'],
  ])('says what a plugin did that gave no error object: %j', async (answer, msg) => {
    const { host } = fakeHost(chain('1.0.0'), () => answer);
    const runtime = new Runtime(host);
    await expect(runtime.add(await runtime.network('n'), pod)).rejects.toMatchObject({ code: 0, msg });
  });

  it.each([
    [{ containerId: 'a/b', netns: '' }, 4],
    [{ containerId: 'c', netns: '', ifname: 'sixteen-bytes-ab' }, 4],
    [{ containerId: 'c', netns: '', ifname: 'a:b' }, 4],
  ])('refuses %j by itself with code %i', async (attachment, code) => {
    const { host, seen } = fakeHost(chain('1.0.0'), results);
    const runtime = new Runtime(host);
    await expect(runtime.add(await runtime.network('n'), attachment)).rejects.toSatisfy(
      (error) => error instanceof CniError && error.code === code,
    );
    expect(seen).toEqual([]);
  });
});

describe('DEL', () => {
  it('goes backwards with the cached result and forgets it', async () => {
    const { host, seen, files } = fakeHost(chain('0.4.0'), results);
    const runtime = new Runtime(host);
    const network = await runtime.network('n');
    await runtime.add(network, pod);
    await runtime.del(network, pod);
    const dels = seen.slice(2);
    expect(dels.map((call) => call.plugin)).toEqual(['/opt/cni/bin/second', '/opt/cni/bin/first']);
    expect(dels.every((call) => call.config['prevResult'] !== undefined)).toBe(true);
    expect(files.has(cachePath)).toBe(false);
  });

  it('has no previous result below 0.4.0, nor for an attachment that was never added', async () => {
    for (const version of ['0.3.1', '1.0.0']) {
      const { host, seen } = fakeHost(chain(version), results);
      const runtime = new Runtime(host);
      const network = await runtime.network('n');
      if (version === '0.3.1') await runtime.add(network, pod);
      await runtime.del(network, pod);
      expect(seen.at(-1)?.config['prevResult']).toBeUndefined();
    }
  });
});

describe('CHECK, GC and STATUS', () => {
  it('CHECK asks nobody when the network disables it, and is refused below 0.4.0', async () => {
    const disabled = fakeHost(chain('1.0.0', { disableCheck: true }), results);
    await new Runtime(disabled.host).check(await new Runtime(disabled.host).network('n'), pod);
    expect(disabled.seen).toEqual([]);
    const old = fakeHost(chain('0.3.1'), results);
    await expect(new Runtime(old.host).check(await new Runtime(old.host).network('n'), pod)).rejects.toMatchObject({
      code: 'UNSUPPORTED_VERB',
    });
  });

  it('GC deletes cached attachments that are not valid and sends the list to all plugins, whatever fails', async () => {
    const { host, seen } = fakeHost(chain('1.1.0'), (call) => (call.env['CNI_COMMAND'] === 'GC' ? { code: 1 } : results(call)));
    const runtime = new Runtime(host);
    const network = await runtime.network('n');
    await runtime.add(network, pod);
    await runtime.add(network, { ...pod, containerId: 'c2' });
    const valid = [{ containerID: 'c2', ifname: 'eth0' }];
    await expect(runtime.gc(network, valid)).rejects.toMatchObject({ errors: [{ name: 'CniError' }, { name: 'CniError' }] });
    const verbs = seen.slice(4).map((call) => `${call.env['CNI_COMMAND']} ${call.env['CNI_CONTAINERID']}`);
    expect(verbs).toEqual(['DEL c1', 'DEL c1', 'GC ', 'GC ']);
    expect(seen.at(-1)?.config['cni.dev/valid-attachments']).toEqual(valid);
  });

  it('STATUS is not asked below 1.1.0', async () => {
    const { host, seen } = fakeHost(chain('1.0.0'), results);
    const runtime = new Runtime(host);
    await runtime.status(await runtime.network('n'));
    expect(seen).toEqual([]);
  });
});

describe('discovery', () => {
  const single = (name: string) => JSON.stringify({ cniVersion: '1.0.0', name, type: 'first' });
  const files = {
    '/etc/cni/net.d/20-b.conf': single('b'),
    '/etc/cni/net.d/10-a.json': single('a'),
    '/etc/cni/net.d/30-c.conflist': JSON.stringify({ cniVersion: '1.0.0', name: 'c', plugins: [{ type: 'first' }] }),
    '/etc/cni/net.d/00-readme.txt': 'x',
  };

  it('lists networks by file name', async () => {
    const networks = await new Runtime(fakeHost(files, results).host).networks();
    expect(networks.map((network) => network.name)).toEqual(['a', 'b', 'c']);
  });

  it('adds the plugins of the folder named like the network', async () => {
    const more = { ...files, '/etc/cni/net.d/c/x.conf': '{"type":"dropped-in"}' };
    const network = await new Runtime(fakeHost(more, results).host).network('c');
    expect(network.plugins.map((plugin) => plugin.type)).toEqual(['first', 'dropped-in']);
  });

  it('says that there is no such network', async () => {
    await expect(new Runtime(fakeHost(files, results).host).network('z')).rejects.toMatchObject({ code: 'NO_SUCH_NETWORK' });
  });
});

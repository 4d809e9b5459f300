import { describe, expect, it } from 'vitest';
import { CniError } from './cni-error.ts';
import { Runtime } from './runtime.ts';
import { type Answer, fakeHost, type Seen } from './testing.ts';

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
  const seenBefore = config['prevResult'] === undefined ? 'first' : 'later';
  return { stdout: JSON.stringify({ cniVersion: config['cniVersion'], dns: { domain: seenBefore }, invented: 1 }) };
}

describe('ADD', () => {
  it('hands each result to the next plugin and caches the last', async () => {
    const { host, seen, files } = fakeHost(chain('1.0.0'), results);
    const runtime = new Runtime(host);
    const result = await runtime.add(await runtime.network('n'), pod);
    expect(result).toEqual({ cniVersion: '1.0.0', dns: { domain: 'later' } });
    expect(seen.map((call) => call.plugin)).toEqual(['/opt/cni/bin/first', '/opt/cni/bin/second']);
    expect(seen[1]?.config['prevResult']).toEqual({ cniVersion: '1.0.0', dns: { domain: 'first' } });
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

  it.each([
    [null, { 'cni.dev/valid-attachments': null, 'cni.dev/attachments': null }],
    [undefined, {}],
  ])('GC hands on the list %s and deletes all that is cached', async (valid, expected) => {
    const { host, seen, files } = fakeHost(chain('1.1.0'), results);
    const runtime = new Runtime(host);
    const network = await runtime.network('n');
    await runtime.add(network, pod);
    await runtime.gc(network, valid);
    expect(files.has(cachePath)).toBe(false);
    expect(Object.fromEntries(Object.entries(seen.at(-1)?.config ?? {}).filter(([key]) => key.startsWith('cni.dev/')))).toEqual(expected);
  });

  it('GC asks nobody when the network disables it, and passes over files that are not of the cache', async () => {
    const disabled = fakeHost(chain('1.1.0', { disableGC: true }), results);
    const runtime = new Runtime(disabled.host);
    await runtime.gc(await runtime.network('n'), []);
    expect(disabled.seen).toEqual([]);
    const damaged = fakeHost({ ...chain('1.0.0'), [cachePath]: '{', '/var/lib/cni/results/x': '{"kind":"other"}' }, results);
    const other = new Runtime(damaged.host);
    await other.gc(await other.network('n'), []);
    expect(damaged.seen).toEqual([]);
  });

  it('STATUS stops at the first plugin that is not ready, with its words', async () => {
    const { host, seen } = fakeHost(chain('1.1.0'), () => ({ code: 1, stdout: '{"code":50,"msg":"no daemon"}' }));
    const runtime = new Runtime(host);
    await expect(runtime.status(await runtime.network('n'))).rejects.toMatchObject({ code: 50, msg: 'no daemon' });
    expect(seen).toHaveLength(1);
  });

  it('STATUS is not asked below 1.1.0', async () => {
    const { host, seen } = fakeHost(chain('1.0.0'), results);
    const runtime = new Runtime(host);
    await runtime.status(await runtime.network('n'));
    expect(seen).toEqual([]);
  });
});

describe('the cache', () => {
  it.each(['{', '{"cniVersion":"9.0.0"}', '[]'])('refuses the damaged file %s for CHECK and DEL', async (text) => {
    const { host, seen } = fakeHost({ ...chain('1.0.0'), [cachePath]: text }, results);
    const runtime = new Runtime(host);
    const network = await runtime.network('n');
    await expect(runtime.check(network, pod)).rejects.toMatchObject({ code: 'BAD_CACHE' });
    await expect(runtime.del(network, pod)).rejects.toMatchObject({ code: 'BAD_CACHE' });
    expect(seen).toEqual([]);
  });

  it('reads a bare result as old libcni wrote it, and hands it on in the version of the network', async () => {
    const old = JSON.stringify({ cniVersion: '0.4.0', ips: [{ version: '4', address: '10.0.0.2/24' }] });
    const { host, seen } = fakeHost({ ...chain('1.0.0'), [cachePath]: old }, results);
    const runtime = new Runtime(host);
    await runtime.check(await runtime.network('n'), pod);
    expect(seen[0]?.config['prevResult']).toEqual({ cniVersion: '1.0.0', ips: [{ address: '10.0.0.2/24' }] });
  });

  it('is for root alone, and leaves empty fields out', async () => {
    const modes = new Map<string, number | undefined>();
    const { host, files } = fakeHost(chain('1.0.0'), results);
    const writeFile: typeof host.writeFile = (path, content, mode) => {
      modes.set(path, mode);
      return host.writeFile(path, content);
    };
    const runtime = new Runtime({ ...host, writeFile });
    await runtime.add(await runtime.network('n'), { containerId: 'c1', netns: '/n' });
    expect(modes.get(cachePath)).toBe(0o600);
    expect(Object.keys(JSON.parse(files.get(cachePath) ?? ''))).not.toContain('cniArgs');
  });
});

describe('VERSION', () => {
  const ask = (answer: Answer) => new Runtime(fakeHost({}, () => answer).host).version('first');

  it.each([
    [{ stdout: '{"cniVersion":"1.0.0","supportedVersions":["0.4.0"]}' }, ['0.4.0']],
    [{ stdout: '{"cniVersion":"0.2.0"}' }, ['0.1.0', '0.2.0']],
    [{ code: 1, stdout: '{"code":4,"msg":"unknown CNI_COMMAND: VERSION"}' }, ['0.1.0']],
  ])('%j means %j', async (answer, expected) => {
    expect((await ask(answer)).supportedVersions).toEqual(expected);
  });

  it.each([
    ['', 'no cniVersion'],
    ['{"cniVersion":"1.0.0"}', 'no supportedVersions'],
    ['{"cniVersion":"1.0.0","supportedVersions":"1.0.0"}', 'supportedVersions is not a list'],
  ])('refuses the answer %s', async (stdout, message) => {
    await expect(ask({ stdout })).rejects.toMatchObject({ code: 'BAD_RESULT', message: expect.stringContaining(message) });
  });

  it('is asked of every plugin when a network is validated', async () => {
    const { host } = fakeHost(chain('1.0.0'), () => ({ stdout: '{"cniVersion":"1.0.0","supportedVersions":["0.4.0"]}' }));
    const runtime = new Runtime(host);
    await expect(runtime.validate(await runtime.network('n'))).rejects.toThrow(/first speaks 0.4.0, not 1.0.0; .*second speaks 0.4.0/);
    const old = fakeHost(chain('0.4.0'), () => ({ stdout: '{"cniVersion":"1.0.0","supportedVersions":["0.4.0"]}' }));
    expect(await new Runtime(old.host).validate(await new Runtime(old.host).network('n'))).toEqual(['portMappings']);
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

  it('has only the plugins of the list itself with loadOnlyInlinedPlugins', async () => {
    const alone = JSON.stringify({ cniVersion: '1.1.0', name: 'c', loadOnlyInlinedPlugins: true, plugins: [{ type: 'first' }] });
    const more = { '/etc/cni/net.d/30-c.conflist': alone, '/etc/cni/net.d/c/x.conf': '{"type":"dropped-in"}' };
    const network = await new Runtime(fakeHost(more, results).host).network('c');
    expect(network.plugins.map((plugin) => plugin.type)).toEqual(['first']);
  });

  it('looks at lists before single plugins, whatever their names', async () => {
    const list = JSON.stringify({ cniVersion: '1.0.0', name: 'a', plugins: [{ type: 'from-list' }] });
    const network = await new Runtime(fakeHost({ ...files, '/etc/cni/net.d/90-a.conflist': list }, results).host).network('a');
    expect(network.plugins[0]?.type).toBe('from-list');
  });

  it('takes the first file for pods that name no network, and reads no other', async () => {
    const bad = { ...files, '/etc/cni/net.d/90-bad.conflist': '{' };
    expect((await new Runtime(fakeHost(bad, results).host).network()).name).toBe('a');
    await expect(new Runtime(fakeHost(bad, results).host).network('c')).resolves.toMatchObject({ name: 'c' });
    const first = { ...files, '/etc/cni/net.d/00-bad.conf': '{' };
    await expect(new Runtime(fakeHost(first, results).host).network()).rejects.toMatchObject({ code: 'BAD_NETWORK' });
    expect((await new Runtime(fakeHost(first, results).host, { skipBadFiles: true }).network()).name).toBe('a');
    await expect(new Runtime(fakeHost({}, results).host).network()).rejects.toMatchObject({ code: 'NO_SUCH_NETWORK' });
  });

  it('says that there is no such network', async () => {
    await expect(new Runtime(fakeHost(files, results).host).network('z')).rejects.toMatchObject({ code: 'NO_SUCH_NETWORK' });
  });
});

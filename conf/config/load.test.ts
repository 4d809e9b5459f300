import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultConfig } from './defaults.ts';
import { loadConfig } from './load.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'axoneme-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(text: string) {
  const path = join(folder, 'config.yaml');
  await writeFile(path, text);
  return loadConfig(path);
}

describe('loadConfig', () => {
  it('answers the defaults when there is no file', async () => {
    expect(await loadConfig(join(folder, 'none.yaml'))).toEqual({ config: defaultConfig, ignored: [], source: 'defaults' });
  });

  it('refuses a missing file that was asked for by name', async () => {
    await expect(loadConfig(join(folder, 'none.yaml'), { required: true })).rejects.toThrow(/^read .*none\.yaml: no such file$/);
  });

  it('reads YAML over the defaults and says where it came from', async () => {
    const loaded = await load('ipv6: {enabled: true}\nimage:\n  tag: v1\n');
    expect(loaded.config).toEqual({ ...defaultConfig, ipv6: { enabled: true } });
    expect(loaded).toMatchObject({ ignored: ['image'], source: join(folder, 'config.yaml') });
  });

  it.each(['', '# nothing\n', '---\n', '{}'])('takes %j for the defaults', async (text) => {
    expect((await load(text)).config).toEqual(defaultConfig);
  });

  it.each([
    [
      'ipam:\n  mode: cluster-pool\n  operator:\n    clusterPoolIPv4MaskSize: x\n',
      /config\.yaml:4: ipam\.operator\.clusterPoolIPv4MaskSize: expected a prefix length from 1 to 32, got "x"$/,
    ],
    ['ipv4:\n  enabled: true\nfoo: 1\n', /config\.yaml:3: foo: unknown key$/],
    ['encryption:\n  enabled: true\n', /config\.yaml:2: encryption\.enabled: true is not supported yet \(encryption\)$/],
    ['MTU: 1500\nMTU: 1400\n', /config\.yaml:2: not valid YAML: duplicated mapping key$/],
    ['ipam: [\n', /config\.yaml:\d: not valid YAML: /],
    ['MTU: 1\n---\nMTU: 2\n', /config\.yaml:3: expected one document, got several$/],
  ])('names the line of what is wrong in %j', async (text, message) => {
    await expect(load(text)).rejects.toThrow(message);
  });

  it('says so when the path is a folder', async () => {
    await expect(loadConfig(folder)).rejects.toThrow(/cannot be read: EISDIR/);
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { embeddedFiles, executables } from '../../scripts/build/bundle.ts';
import { pack, repository } from '../fixtures/empty-project.ts';

const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
const doors: string[] = [
  ...Object.values<string | { types: string; default: string }>(manifest.exports).flatMap((target) =>
    typeof target === 'string' ? [target] : [target.types, target.default],
  ),
  ...Object.values<string>(manifest.bin ?? {}),
];

/** All that may be packed. Every pattern must also find something. */
const allowed = [
  /^(LICENSE|README\.md|package\.json)$/,
  /^dist\/native\/axoneme-(harness|sys)\.node$/,
  /^dist\/vm\/init$/,
  /^dist\/package\/(conf|ipam|native|test-harness)\/[a-z0-9/.-]+\.js$/,
  /^dist\/package\/(conf|ipam|native|test-harness)\/[a-z0-9/.-]+\.d\.ts$/,
  /^test-harness\/README\.md$/,
  /^test-harness\/docs\/[a-z-]+\.md$/,
  /^test-harness\/examples\/[a-z]+\/[a-z.-]+(\.ts|\.sh)$/,
];

describe('the packed files', () => {
  it('are what exports and bin name, what those reach, the addon, process 1 of virtual machines, the guide and the examples', async () => {
    const { files } = await pack(tmpdir(), true);
    const paths = files.map(({ path }) => path);
    expect(paths.filter((path) => !allowed.some((pattern) => pattern.test(path)))).toEqual([]);
    expect(allowed.filter((pattern) => !paths.some((path) => pattern.test(path)))).toEqual([]);
    expect(doors.filter((door) => !paths.includes(door.replace('./', '')))).toEqual([]);
  });

  it('have no tests but the examples, and nothing of daemon, plugin, CLI or eBPF', async () => {
    const { files } = await pack(tmpdir(), true);
    const paths = files.map(({ path }) => path).filter((path) => !path.startsWith('test-harness/examples/'));
    expect(paths.filter((path) => /\.test\.|testdata|\/(daemon|plugin|cli|bpf\/lib)\/|\.o$|axoneme-bpf/.test(path))).toEqual([]);
  });

  it('stay small: below 560 kB packed and 1.75 MB unpacked', async () => {
    const { size, unpackedSize } = await pack(tmpdir(), true);
    expect(size).toBeLessThan(560_000);
    expect(unpackedSize).toBeLessThan(1_750_000);
  });
});

describe('the executables of a node', () => {
  it('carry no tool of the harness', () => {
    expect(executables.flatMap((executable) => embeddedFiles(executable)).filter((file) => file.includes('harness'))).toEqual([]);
    for (const { name } of executables) {
      const bundle = readFileSync(join(repository, 'dist', 'bundle', `${name}.cjs`), 'utf8');
      expect([name, /axoneme-harness|wireStart|packetOpen|tapOpen|deviceLockHold/.test(bundle)]).toEqual([name, false]);
    }
  });

  it('find no tool of the harness in the addon that they load', () => {
    const names = (addon: string) => readFileSync(join(repository, 'dist', 'native', addon), 'latin1');
    const tools = ['wireStart', 'packetOpen', 'tapOpen', 'meter', 'deviceLockHold'];
    expect(tools.filter((tool) => names('axoneme-sys.node').includes(`\0${tool}\0`))).toEqual([]);
    expect(tools.filter((tool) => !names('axoneme-harness.node').includes(`\0${tool}\0`))).toEqual([]);
  });
});

describe('the manifest', () => {
  it('has no script that runs at installation and no compiler to call', () => {
    expect(Object.keys(manifest.scripts).filter((name) => /install|prepare$/.test(name))).toEqual([]);
    expect([existsSync(join(repository, 'binding.gyp')), manifest.gypfile]).toEqual([false, undefined]);
  });

  it('asks a user of the harness for one small dependency; vitest is optional', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(['ip-address']);
    expect(manifest.optionalDependencies).toBeUndefined();
    expect(manifest.peerDependenciesMeta).toEqual({ vitest: { optional: true } });
  });
});

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeConformance } from './vitest.ts';

const config = { name: 'net', type: 'ptp', ipam: { type: 'host-local', subnet: '10.77.0.0/24' } };
const runner = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

describe('describeConformance', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Titles of a suite's tests with how each ended and what it said. */
  async function run(options: object): Promise<Record<string, string>> {
    const suite = `import { describeConformance } from ${JSON.stringify(join(import.meta.dirname, 'vitest.ts'))};
      describeConformance(${JSON.stringify({ plugin: '/usr/lib/cni/ptp', config, ...options })});`;
    writeFileSync(join(folder, 'suite.test.ts'), suite);
    const report = join(folder, 'report.json');
    const args = [runner, 'run', '--root', folder, '--reporter', 'json', '--outputFile', report];
    await new Promise<void>((resolve) => execFile(process.execPath, args, { cwd: folder }, () => resolve()));
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    const tests: { title: string; status: string; failureMessages: string[] }[] = testResults[0].assertionResults;
    return Object.fromEntries(tests.map(({ title, status, failureMessages }) => [title, [status, ...failureMessages].join(': ')]));
  }

  it('registers a test per item: passed, failed with the execution, skipped', async () => {
    const only = ['del-twice', 'error-version', 'status-ready'];
    expect(await run({ only })).toEqual({
      '[2 DEL] succeeds a second and a third time': 'passed',
      '[5 Error] has a cniVersion in its error objects': expect.stringMatching(
        /^failed: .*error-version \(must\): .*\n\nprintf %s .* \| CNI_COMMAND=ADD /s,
      ),
      '[2 STATUS] succeeds when ADD would, without a word on stdout': 'skipped',
    });
  });

  it('holds the list of known deviations in both directions', async () => {
    const knownDeviations = { 'error-version': 'old library', 'del-twice': 'not at all', 'status-ready': 'too old' };
    expect(await run({ only: Object.keys(knownDeviations), knownDeviations })).toEqual({
      '[2 DEL] succeeds a second and a third time': expect.stringContaining('known deviation (not at all), and the plugin passes it'),
      '[5 Error] has a cniVersion in its error objects': 'passed',
      '[2 STATUS] succeeds when ADD would, without a word on stdout': expect.stringContaining(
        'known deviation (too old), and it does not apply',
      ),
    });
  });

  it('refuses ids of no item and configurations of other plugins at once', () => {
    const plugin = '/usr/lib/cni/ptp';
    expect(() => describeConformance({ plugin, config, only: ['x'] })).toThrow('find conformance items: there is no x');
    expect(() => describeConformance({ plugin, config, knownDeviations: { y: '' } })).toThrow('there is no y');
    expect(() => describeConformance({ plugin: '/usr/lib/cni/bridge', config })).toThrow(
      'find bridge in its configuration: the plugins there are ptp',
    );
  });
});

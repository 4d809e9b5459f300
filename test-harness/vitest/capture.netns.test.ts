import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const project = join(import.meta.dirname, '..', '..');

/** A test file of a user: one test that fails and one that passes, each with a capture, one of them by a hook. */
const suite = `
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Lab } from '${project}/test-harness/index.ts';
import { captureOnFailure } from '${project}/test-harness/vitest/index.ts';

let lab;
beforeEach(async () => {
  lab = await Lab.create({ hosts: { left: {}, right: {} }, links: [{ between: ['left', 'right'] }] });
  await captureOnFailure([lab.machine('left'), lab.machine('right')], { folder: 'captures' });
});
afterEach(() => lab.close());

it('finds a closed port / open', async () => {
  await expect(lab.machine('left')).toReach(lab.machine('right'), { tcp: 81, server: 'existing', family: 4 });
});
it.concurrent('asks too many / at a time', async ({ onTestFailed, onTestFinished, task, expect }) => {
  const own = await Lab.create({ hosts: { solo: {} } });
  const context = { onTestFailed, onTestFinished, task };
  await captureOnFailure(own.machine('solo'), { folder: 'captures', context, lines: 1 });
  await expect(own.machine('solo')).toReach('127.0.0.1', { tcp: 83 });
});
it('finds an open port', async () => {
  await captureOnFailure(lab.machine('left'), { folder: 'captures' });
  await expect(lab.machine('left')).toReach(lab.machine('right'), { tcp: 82 });
});
`;

it('shows and keeps the packets of a test that fails, and nothing of one that passes', () => {
  mkdirSync(join(project, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(project, '.cache', 'capture-'));
  try {
    writeFileSync(join(folder, 'a.test.js'), suite);
    writeFileSync(join(folder, 'vitest.config.js'), 'export default {};');
    const vitest = join(project, 'node_modules', 'vitest', 'vitest.mjs');
    const run = spawnSync(process.execPath, [vitest, 'run', '--root', folder], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    const output = `${run.stdout}${run.stderr}`;
    expect(output).toContain('2 failed | 1 passed');
    expect(output).toContain('packets of left, right (all of them in captures/finds-a-closed-port-open.pcapng)');
    expect(output).toMatch(/left:eth0 out 198\.18\.0\.1:\d+ → 198\.18\.0\.2:81 TCP \[S\]/);
    expect(output).toMatch(/right:eth0 out 198\.18\.0\.2:81 → 198\.18\.0\.1:\d+ TCP \[R\.\]/);
    expect(readdirSync(join(folder, 'captures'))).toEqual(['asks-too-many-at-a-time.pcapng', 'finds-a-closed-port-open.pcapng']);
    expect(output).toMatch(/packets of solo .*\n\(1 earlier packets\)\n +0\.\d{6} lo in {2}127\.0\.0\.1:83 → 127\.0\.0\.1:\d+ TCP \[R\.\]/);
    const file = join(folder, 'captures', 'finds-a-closed-port-open.pcapng');
    expect(execFileSync('tcpdump', ['-n', '-r', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).toContain(
      '198.18.0.2.81: Flags [S]',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

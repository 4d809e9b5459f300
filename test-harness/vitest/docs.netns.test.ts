import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const project = join(import.meta.dirname, '..', '..');
const harness = join(import.meta.dirname, '..');

it('runs the example of the page on assertions as it stands', () => {
  const page = readFileSync(join(harness, 'docs', 'assertions.md'), 'utf8');
  const [, example = ''] = /<!-- file: assertions.test.ts -->\n```ts\n(.*?)```/s.exec(page) ?? [];
  const code = example
    .replace("'axoneme/test-harness'", `'${harness}/index.ts'`)
    .replace("'axoneme/test-harness/vitest'", `'${harness}/vitest/index.ts'`);
  mkdirSync(join(project, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(project, '.cache', 'docs-'));
  try {
    writeFileSync(join(folder, 'assertions.test.ts'), code);
    writeFileSync(join(folder, 'vitest.config.js'), 'export default { test: { testTimeout: 30_000 } };');
    const vitest = join(project, 'node_modules', 'vitest', 'vitest.mjs');
    const env = { ...process.env, NO_COLOR: '1' };
    const run = spawnSync(process.execPath, [vitest, 'run', '--root', folder], { cwd: folder, encoding: 'utf8', env });
    expect(`${run.stdout}${run.stderr}`).toContain('4 passed');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

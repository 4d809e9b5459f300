import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('runs the example of the guide as it stands', async () => {
  const guide = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8');
  const [, example = ''] = /<!-- file: lab.ts -->\n```ts\n(.*?)```/s.exec(guide) ?? [];
  const code = example.replace("'axoneme/test-harness'", JSON.stringify(join(import.meta.dirname, 'index.ts')));
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module-typescript', '--eval', code]);
  expect(stdout).toContain("address: '10.77.0.2/24'");
  expect(stdout).toContain('] true { reached: true, duration:');
});

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, 'docs');

/** The first TypeScript example of each page whose example can stand alone; that of vm.md boots a kernel, and runs with its tests. */
const examples = readdirSync(folder).flatMap((name) => {
  const [, code] = /```ts\n(import .*?)```/s.exec(readFileSync(join(folder, name), 'utf8')) ?? [];
  return code === undefined || code.includes("from 'vitest'") || name === 'vm.md' ? [] : [{ name, code }];
});

describe('the examples of the pages', () => {
  it.each(examples)('run as they stand: $name', async ({ code }) => {
    const source = code.replace("'axoneme/test-harness'", JSON.stringify(join(import.meta.dirname, 'index.ts')));
    const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module-typescript', '--eval', source]);
    expect(stderr).toBe('');
  });
});

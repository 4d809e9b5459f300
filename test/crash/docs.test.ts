import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scenarios } from '../fixtures/crash/scenarios.ts';

test('the page on crash safety lists every failpoint', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/crash-safety.md'), 'utf8');
  const rows = Object.entries(scenarios).map(([step, [scenario, what]]) => `| \`${step}\` | ${scenario} | ${what} |`);
  expect(page.split('\n').filter((line) => /^\| `[a-z.]+` \| (plugin|daemon|axoneme): /.test(line))).toEqual(rows);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { project } from '../build/step.ts';
import { withTable } from './record.ts';

it('docs/kernels.md has the numbers of bpf/complexity.json (npm run test:kernels -- --record)', () => {
  const page = readFileSync(join(project, 'docs/kernels.md'), 'utf8');
  expect(page).toContain('| program | 5.10 | 6.1 | 6.12 |');
  expect(withTable(page)).toBe(page);
});

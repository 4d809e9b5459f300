import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { memoryFlags } from './memory.ts';

it.each(memoryFlags)('%s is a flag of this Node, which ignores unknown ones in silence', (flag) => {
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  expect(known).toContain(` ${flag.replace(/=.*/, '').replace('--no-', '--')} `);
});

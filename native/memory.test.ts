import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keepMallocSmall, trimMalloc } from './memory.ts';

/** In a process of its own: the settings stay. */
function inChild(expression: string): string {
  const script = `import { keepMallocSmall, trimMalloc } from ${JSON.stringify(join(import.meta.dirname, 'memory.ts'))}; console.log(${expression});`;
  return execFileSync(process.execPath, ['--input-type=module', '--no-warnings', '-e', script], { encoding: 'utf8' }).trim();
}

it('glibc takes the settings, and gives back what it keeps free', () => {
  expect(inChild(`${keepMallocSmall.name}(), typeof ${trimMalloc.name}()`)).toBe('true boolean');
});

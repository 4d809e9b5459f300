import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keepMallocSmall, releaseExecutable, trimMalloc } from './memory.ts';

/** In a process of its own: the settings stay. */
function inChild(expression: string): string {
  const script = `import { keepMallocSmall, releaseExecutable, trimMalloc } from ${JSON.stringify(join(import.meta.dirname, 'memory.ts'))}; console.log(${expression});`;
  return execFileSync(process.execPath, ['--input-type=module', '--no-warnings', '-e', script], { encoding: 'utf8' }).trim();
}

it('glibc takes the settings, and gives back what it keeps free', () => {
  expect(inChild(`${keepMallocSmall.name}(), typeof ${trimMalloc.name}()`)).toBe('true boolean');
});

it('what only the start of the process used of its executable is let go of, and all goes on', () => {
  const resident = 'process.memoryUsage.rss()';
  const [before, released, after, sum] = JSON.parse(
    inChild(`JSON.stringify([${resident}, ${releaseExecutable.name}(), ${resident}, [3, 1, 2].sort().join("").localeCompare("123")])`),
  );
  expect(released).toBeGreaterThan(50e6);
  expect(before - after).toBeGreaterThan(10e6);
  expect(sum).toBe(0);
});

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { memoryFlags } from './memory.ts';

it.each(memoryFlags)('%s is a flag of this Node, which ignores unknown ones in silence', (flag) => {
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  expect(known).toContain(` ${flag.replace(/=.*/, '').replace('--no-', '--')} `);
});

it('a second after the start its garbage is collected, without a flag on the command line', () => {
  const script = `
    import { tidyMemorySoon } from ${JSON.stringify(join(import.meta.dirname, 'memory.ts'))};
    const held = new WeakRef({});
    tidyMemorySoon();
    setTimeout(() => console.log(held.deref(), typeof gc), 1500);`;
  const options = ['--input-type=module', '--no-warnings', '-e', script];
  expect(execFileSync(process.execPath, options, { encoding: 'utf8' }).trim()).toBe('undefined undefined');
});

import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
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

/** Says whether what a process has left 1.5 s after its start, so many megabytes, is still there 2.5 s later; busy or not meanwhile. */
async function isKept(megabytes: number, isBusy: boolean): Promise<boolean> {
  const script = `
    import { tidyMemorySoon } from ${JSON.stringify(join(import.meta.dirname, 'memory.ts'))};
    const fill = () => Array.from({ length: ${megabytes} * 16 }, () => new Array(2 ** 13).fill(0.5));
    let left;
    tidyMemorySoon();
    setTimeout(() => { left = new WeakRef(fill()); }, 1500);
    if (${isBusy}) setInterval(() => { const until = performance.now() + 2; while (performance.now() < until); }, 20);
    setTimeout(() => { console.log(left.deref() !== undefined); process.exit(); }, 4000);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--no-warnings', '-e', script]);
  return stdout.trim() === 'true';
}

it('what work has left is collected in a calm second; a busy process keeps it until it is more', async () => {
  expect(await Promise.all([isKept(3, false), isKept(3, true), isKept(6, true)])).toEqual([false, true, false]);
});

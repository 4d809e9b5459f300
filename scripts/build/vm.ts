import { execFileSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { project, type Step } from './step.ts';

const output = join('dist', 'vm', 'init');

/** musl makes 60 kB of it, glibc 800. */
const compiler = () => ['/usr/bin/musl-gcc'].find(existsSync) ?? 'gcc';

function compile(): void {
  const sources = globSync('test-harness/init/*.c', { cwd: project }).sort();
  const flags = ['-static', '-s', '-Os', '-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror'];
  execFileSync(compiler(), [...flags, ...sources, '-o', output], { cwd: project, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Process 1 of the harness's virtual machines: C to a static executable. Other processors have none yet. */
export const vmStep: Step = {
  name: 'vm',
  inputs: ['test-harness/init/*.{c,h}', 'scripts/build/vm.ts'],
  outputs: [output],
  run: compile,
};

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { project, type Step } from './step.ts';

const source = 'test/bench/timer.c';
const output = join('dist', 'bench', 'timer');

/** The clock of the benchmark: a static program, because what it costs is in every number. */
export const timerStep: Step = {
  name: 'timer',
  inputs: [source, 'scripts/build/timer.ts'],
  outputs: [output],
  run: () => {
    const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-static', '-s'];
    execFileSync('clang', [...flags, '-o', output, source], { cwd: project, stdio: ['ignore', 'inherit', 'inherit'] });
  },
};

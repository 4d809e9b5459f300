import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { project, type Step } from './step.ts';

/** The clock, and the pod that floods. */
const tools = ['timer', 'flood'];
const sourceOf = (tool: string) => join('test', 'bench', `${tool}.c`);
const outputOf = (tool: string) => join('dist', 'bench', tool);

/** Programs of the benchmark in C: static, because what they cost is in every number. */
export const benchStep: Step = {
  name: 'bench',
  inputs: [...tools.map(sourceOf), 'scripts/build/bench.ts'],
  outputs: tools.map(outputOf),
  run: () => {
    const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-static', '-s'];
    for (const tool of tools) {
      execFileSync('clang', [...flags, '-o', outputOf(tool), sourceOf(tool)], { cwd: project, stdio: ['ignore', 'inherit', 'inherit'] });
    }
  },
};

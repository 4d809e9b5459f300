import { execFileSync } from 'node:child_process';
import { globSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { project, type Step } from './step.ts';

const output = join('dist', 'bin', 'axoneme-cni');

/** musl, because its programs run on any Linux of the last ten years, start in a third of the time of glibc's and need no files at run time. */
function compile(): void {
  const sources = globSync('plugin/launcher/*.c', { cwd: project }).sort();
  const warnings = ['-Wall', '-Wextra', '-Wconversion', '-Wno-sign-conversion', '-Werror'];
  const flags = ['-static', '-Os', '-std=c11', '-D_GNU_SOURCE', ...warnings, '-ffunction-sections', '-Wl,--gc-sections', '-s'];
  const fresh = `${output}.new`;
  execFileSync('musl-gcc', [...flags, ...sources, '-o', fresh], { cwd: project, stdio: ['ignore', 'inherit', 'inherit'] });
  renameSync(join(project, fresh), join(project, output));
}

/** The plugin as runtimes start it. */
export const launcherStep: Step = {
  name: 'launcher',
  inputs: ['plugin/launcher/*', 'scripts/build/launcher.ts'],
  outputs: [output],
  run: compile,
};

import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { project, type Step } from './step.ts';

const sources = globSync('bpf/*.bpf.c', { cwd: project }).sort();
const objectOf = (source: string) => join('dist', 'bpf', `${basename(source, '.bpf.c')}.o`);

/** Where the distribution keeps `asm/types.h`: Debian's multiarch folder. */
const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch as 'x64' | 'arm64'];

function compile(source: string): void {
  const warnings = ['-Wall', '-Wextra', '-Werror'];
  const flags = ['-O2', '-g', ...warnings, '-target', 'bpf', '-mcpu=v3', `-I/usr/include/${triplet}`, '-Ibpf'];
  execFileSync('clang', [...flags, '-c', source, '-o', objectOf(source)], { cwd: project, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** eBPF C to objects, and their BTF to the layouts that TypeScript reads. */
export const bpfStep: Step = {
  name: 'bpf',
  inputs: ['bpf/**/*.{c,h}', 'bpf/gen/*.ts', 'scripts/build/bpf.ts'],
  outputs: [...sources.map(objectOf), 'bpf/layout.generated.ts'],
  run: () => {
    for (const source of sources) compile(source);
    execFileSync(process.execPath, ['bpf/gen/generate.ts'], { cwd: project, stdio: ['ignore', 'inherit', 'inherit'] });
  },
};

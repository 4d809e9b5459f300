import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { project, type Step } from './step.ts';

/*
 * What npm publishes: the harness and the libraries below it. Node runs no TypeScript below node_modules, so that they travel as
 * JavaScript with declarations, file by file, which keeps stack traces readable; only what the entries reach is there. The addons are
 * those of `dist/native` that need no library but libc and libstdc++.
 */

const output = join('dist', 'package');

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly bin?: Readonly<Record<string, string>>;
}

const manifest: Manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));

/** Files that `exports` and `bin` of package.json name, below the project: `./dist/package/test-harness/index.js`, ... */
const doors = [
  ...Object.values(manifest.exports).flatMap((target) => (typeof target === 'string' ? [] : [target.default])),
  ...Object.values(manifest.bin ?? {}),
];

/** The source of a published file: `test-harness/index.ts`. */
function sourceOf(door: string): string {
  return door.replace(`./${output}/`, '').replace(/\.js$/, '.ts');
}

function emit(): void {
  rmSync(join(project, output), { recursive: true, force: true });
  const config = join(project, 'dist', 'tsconfig.package.json');
  const compilerOptions = {
    noEmit: false,
    // whether it is right is the type check's word
    noCheck: true,
    declaration: true,
    rewriteRelativeImportExtensions: true,
    rootDir: '..',
    outDir: 'package',
    paths: {},
    typeRoots: ['../node_modules/@types'],
  };
  const files = doors.map((door) => join('..', sourceOf(door)));
  writeFileSync(config, JSON.stringify({ extends: '../tsconfig.json', compilerOptions, files, include: [] }, null, 2));
  execFileSync('tsc', ['-p', config], { cwd: project, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** TypeScript to the JavaScript and declarations that the package's `exports` and `bin` name. */
export const harnessStep: Step = {
  name: 'package',
  inputs: ['{conf,ipam,native,test-harness}/**/*.ts', 'package.json', 'tsconfig.json', 'scripts/build/harness.ts'],
  outputs: doors,
  run: emit,
};

import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { project, type Step } from './step.ts';

/** The executables that carry a Node: their entry, and the files that travel inside them. */
export const executables = [
  { name: 'axoneme-cni-cold', entry: 'plugin/main.ts', addons: ['axoneme-sys.node'], hasPrograms: false },
  { name: 'axoneme', entry: 'cli/main.ts', addons: ['axoneme-sys.node', 'axoneme-bpf.node'], hasPrograms: true },
] as const;

const version: string = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).version;

type Executable = (typeof executables)[number];

/** Files that travel inside an executable, below the project. */
export function embeddedFiles({ addons, hasPrograms }: Executable): readonly string[] {
  const programs = hasPrograms ? globSync('dist/bpf/*.o', { cwd: project }).sort() : [];
  return [...addons.map((addon) => join('dist', 'native', addon)), ...programs];
}

/** They are unpacked into a folder named by this digest, so that two versions never meet in one file. */
function embeddedDigest(executable: Executable): string {
  const hash = createHash('sha256');
  for (const file of embeddedFiles(executable)) hash.update(readFileSync(join(project, file)));
  return hash.digest('hex').slice(0, 16);
}

async function bundle(executable: Executable): Promise<void> {
  const { name, entry } = executable;
  await build({
    absWorkingDir: project,
    entryPoints: [entry],
    outfile: join('dist', 'bundle', `${name}.cjs`),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: false,
    legalComments: 'none',
    logLevel: 'warning',
    // A single executable has no module URL; what needs a folder of its own asks `native/embedded.ts` first.
    define: {
      'import.meta.dirname': '__dirname',
      'import.meta.url': '__filename',
      AXONEME_VERSION: JSON.stringify(version),
      AXONEME_CONFLIST: JSON.stringify(readFileSync(join(project, 'conf', '05-axoneme.conflist'), 'utf8')),
      AXONEME_EMBEDDED: JSON.stringify(embeddedDigest(executable)),
    },
  });
}

export const bundleStep: Step = {
  name: 'bundle',
  inputs: [
    '{plugin,daemon,cli,conf,ipam,native,bpf}/**/*.ts',
    'conf/*.conflist',
    'dist/native/*.node',
    'dist/bpf/*.o',
    'package{,-lock}.json',
    'scripts/build/bundle.ts',
  ],
  outputs: executables.map(({ name }) => join('dist', 'bundle', `${name}.cjs`)),
  run: async () => void (await Promise.all(executables.map(bundle))),
};

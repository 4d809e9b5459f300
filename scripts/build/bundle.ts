import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { project, type Step } from './step.ts';

/** The two executables: their entry, and the files that travel inside them. */
export const executables = [
  { name: 'axoneme-cni', entry: 'plugin/main.ts', addons: ['axoneme-sys.node'], hasPrograms: false },
  { name: 'axoneme', entry: 'cli/main.ts', addons: ['axoneme-sys.node', 'axoneme-bpf.node'], hasPrograms: true },
] as const;

const version: string = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).version;

/** The addons are unpacked under a name that holds their digest, so that two versions never meet in one file. */
function addonDigest(addons: readonly string[]): string {
  const hash = createHash('sha256');
  for (const addon of addons) hash.update(readFileSync(join(project, 'dist', 'native', addon)));
  return hash.digest('hex').slice(0, 16);
}

async function bundle({ name, entry, addons }: (typeof executables)[number]): Promise<void> {
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
      AXONEME_ADDONS: JSON.stringify(addonDigest(addons)),
    },
  });
}

export const bundleStep: Step = {
  name: 'bundle',
  inputs: ['{plugin,daemon,cli,conf,ipam,native,bpf}/**/*.ts', 'dist/native/*.node', 'package{,-lock}.json', 'scripts/build/bundle.ts'],
  outputs: executables.map(({ name }) => join('dist', 'bundle', `${name}.cjs`)),
  run: async () => void (await Promise.all(executables.map(bundle))),
};

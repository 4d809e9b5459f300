import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { embeddedFiles, executables } from './bundle.ts';
import { project, type Step } from './step.ts';

interface SeaOptions {
  readonly nodePath: string;
  readonly targets: readonly { nodeRange: string; platform: string; arch: string; output: string }[];
  readonly seaConfig: { readonly assets: Record<string, string>; readonly useCodeCache: boolean; readonly execArgv: readonly string[] };
}

/** pkg's public entry walks the file system for files to pack; its SEA half takes one bundle, which is all we have. */
const sea: (entry: string, options: SeaOptions) => Promise<void> = createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/sea').default;

function assets(executable: (typeof executables)[number]): Record<string, string> {
  return Object.fromEntries(embeddedFiles(executable).map((file) => [basename(file), join(project, file)]));
}

/** An injection that went wrong leaves a plain Node behind: only a run tells. */
function verify(executable: string, name: string): void {
  const isPlugin = name === 'axoneme-cni-cold';
  const env = isPlugin ? { CNI_COMMAND: 'VERSION' } : {};
  const answer = execFileSync(executable, isPlugin ? [] : ['version'], { env, input: '{"cniVersion":"1.0.0"}', encoding: 'utf8' });
  if (!/supportedVersions|axoneme/.test(answer))
    throw new Error(`run ${executable}: it answers '${answer.slice(0, 200)}', so the bundle is not inside`);
}

/**
 * Warnings: on another processor than the builder's, Node says at every start that the code cache is of no use there. Pool: four threads by
 * default, which help the garbage collector, and each of which keeps memory of its own. No flags of V8: with any of them Node's own modules are not
 * taken from their code cache (docs/decisions/0058-start-time-of-the-standalone-plugin.md).
 */
const nodeOptions = ['--no-warnings', '--v8-pool-size=1'];

async function pack(executable: (typeof executables)[number]): Promise<void> {
  const { name } = executable;
  const fresh = join(project, 'dist', 'bin', `.${name}.new`);
  const target = { nodeRange: 'node24', platform: 'linux', arch: process.arch, output: fresh };
  await sea(join(project, 'dist', 'bundle', `${name}.cjs`), {
    nodePath: process.execPath,
    targets: [target],
    seaConfig: { assets: assets(executable), useCodeCache: true, execArgv: nodeOptions },
  });
  verify(fresh, name);
  replaceByCopy(fresh, join(project, 'dist', 'bin', name));
}

/**
 * The injection writes the file in one piece, which the page cache then keeps in pieces so large that a running process has 18 MB more of
 * it mapped, and resident, than it uses (kernel 6.18, ext4). A copy is cached in small ones.
 */
function replaceByCopy(from: string, to: string): void {
  const copy = `${to}.new`;
  copyFileSync(from, copy);
  renameSync(copy, to);
  rmSync(from);
}

/** A process for each, because pkg writes its progress on stdout; what it said comes with the error when it fails. */
async function packApart({ name }: (typeof executables)[number]): Promise<void> {
  await promisify(execFile)(process.execPath, [import.meta.filename, name], { cwd: project });
}

/** Bundles to single executables, over the Node that runs this. */
export const packStep: Step = {
  name: 'pack',
  inputs: ['dist/bundle/*.cjs', 'dist/bpf/*.o', 'dist/native/*.node', 'scripts/build/pack.ts'],
  outputs: executables.map(({ name }) => join('dist', 'bin', name)),
  run: async () => void (await Promise.all(executables.map(packApart))),
};

if (import.meta.main) {
  const executable = executables.find(({ name }) => name === process.argv[2]);
  if (!executable) throw new Error(`pack '${process.argv[2]}': it is none of ${executables.map(({ name }) => name).join(', ')}`);
  await pack(executable);
}
